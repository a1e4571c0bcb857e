import { join } from "node:path";
import { createBucket, hasS3Server } from "./s3-server.js";

/** A new, empty checkpoint store, as a process is told of it. */
export interface CheckpointPlace {
  /** For --checkpoint-store. */
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where checkpoints can be kept on this machine. */
export const checkpointPlaces: readonly {
  readonly name: string;
  open(folder: string): Promise<CheckpointPlace>;
}[] = [
  {
    name: "a local directory",
    open: (folder) => Promise.resolve({ url: `file:${join(folder, "kept")}`, environment: {} }),
  },
  ...(hasS3Server()
    ? [
        {
          name: "a real S3 server",
          open: async () => {
            const { bucket, environment } = await createBucket();
            return { url: `s3://${bucket}/application`, environment };
          },
        },
      ]
    : []),
];
