import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { findFreePort } from "../process/free-port.js";
import type { StorePlace } from "./raw-store.js";

/** A MinIO server of the benchmark's own, with its objects in a folder. */
export interface S3Place {
  readonly place: StorePlace;
  close(): void;
}

/** Starts MinIO from the PATH, or where .ci/run builds it. Null: there is none on this machine. */
export async function openS3Place(folder: string): Promise<S3Place | null> {
  const program = findServer();
  if (program === undefined) return null;
  const bucket = "checkpoints";
  // One drive's folders are its buckets.
  mkdirSync(join(folder, bucket), { recursive: true });
  const user = "statewire-bench";
  const secret = randomUUID();
  const address = `127.0.0.1:${await findFreePort()}`;
  const server = spawn(program, ["server", "--address", address, folder], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { HOME: folder, MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: secret, MINIO_BROWSER: "off" },
  });
  await new Promise<void>((resolve, reject) => {
    server.stderr.on("data", (text: Buffer) => text.includes("API:") && resolve());
    server.once("exit", (code) => reject(new Error(`the S3 server ended with ${code}`)));
  });
  const environment = { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: secret };
  const access = {
    endpoint: `http://${address}`,
    region: "us-east-1",
    isPathStyle: true,
    idleTimeoutMs: 30_000,
    environment,
  };
  const close = (): void => {
    server.kill("SIGKILL");
  };
  return { place: { url: `s3://${bucket}/bench`, access }, close };
}

function findServer(): string | undefined {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "statewire/bin")];
  return folders.map((folder) => join(folder, "minio")).find((path) => existsSync(path));
}
