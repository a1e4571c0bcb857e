import { createRequire } from "node:module";

const manifest = createRequire(import.meta.url)("../../../package.json") as { version: string };

/** The kit's own version. */
export const kitVersion: string = manifest.version;

/** The version of the protocol that the suites are of. */
export const protocolVersion = 1;
