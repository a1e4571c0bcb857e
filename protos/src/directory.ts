import { fileURLToPath } from "node:url";

/** The folder that holds the proto files, for tools that load them at run time. Import paths start here. */
export const protoDirectory: string = fileURLToPath(new URL("../..", import.meta.url));
