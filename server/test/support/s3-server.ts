import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { createServer, Socket } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Client } from "minio";

/** A real S3 server, and a bucket of one's own in it. */
export interface TestBucket {
  readonly endpoint: string;
  readonly bucket: string;
  /** What a process needs to get in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly client: Client;
}

export const credentials = { accessKey: "statewire-test", secretKey: "statewire-test-secret" };

/** A variable with the endpoint of a server that many processes of tests share. */
export const sharedEndpoint = "TEST_S3_ENDPOINT";

const serverPath = findServer();

/**
 * Whether an S3 server is there: MinIO on the PATH, or where .ci/run builds it. Says once what that
 * means, so that nobody takes tests that did not run for tests that passed.
 */
export function hasS3Server(): boolean {
  return serverPath !== undefined;
}

const isRequired = process.env["TEST_S3_SERVER"] === "required";

const notice =
  serverPath === undefined
    ? "S3 TESTS DO NOT RUN: no minio on the PATH or in ~/.cache/statewire/bin (.ci/run builds one)"
    : `S3 tests run against ${serverPath}`;
// Who shares a server has been told by whoever started it.
if (process.env[sharedEndpoint] === undefined) process.stderr.write(`\n*** ${notice} ***\n`);
if (serverPath === undefined && isRequired) throw new Error(notice);

let running: Promise<string> | null = null;

/**
 * Called by a mocha that runs tests in several processes (--require), in its own one, before it starts
 * the others: one server for all of them.
 */
export async function mochaGlobalSetup(): Promise<void> {
  if (hasS3Server()) process.env[sharedEndpoint] = await startServer();
}

/**
 * A new, empty bucket of the shared server; if there is none, of one that starts with the first bucket
 * and ends with the process.
 */
export async function createBucket(): Promise<TestBucket> {
  const shared = process.env[sharedEndpoint];
  running ??= shared === undefined ? startServer() : Promise.resolve(shared);
  return createBucketAt(await running);
}

/** A new, empty bucket of a server of one's own. */
export async function createBucketAt(endpoint: string, region = "us-east-1"): Promise<TestBucket> {
  // Every process of a run loads this file, and few have buckets.
  const { Client } = await import("minio");
  const { hostname, port, protocol } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === "https:",
    // The certificate is the test's own.
    transportAgent:
      protocol === "https:" ? new HttpsAgent({ rejectUnauthorized: false }) : new HttpAgent(),
    region,
    ...credentials,
  });
  const bucket = `test-${randomUUID()}`;
  await client.makeBucket(bucket);
  const environment = {
    AWS_ACCESS_KEY_ID: credentials.accessKey,
    AWS_SECRET_ACCESS_KEY: credentials.secretKey,
    STATEWIRE_S3_ENDPOINT: endpoint,
  };
  return { endpoint, bucket, environment, client };
}

function findServer(): string | undefined {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "statewire/bin")];
  return folders.map((folder) => join(folder, "minio")).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a server is besides MinIO's defaults. */
export interface S3ServerOptions {
  /** Variables of MinIO. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A folder with public.crt and private.key: the server speaks TLS. */
  readonly certificates?: string;
}

/** A server of one's own: its endpoint. It ends with the process. */
export async function startServer(options: S3ServerOptions = {}): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "statewire-s3-"));
  // The server may still write for a moment after it was killed.
  const remove = { recursive: true, force: true, maxRetries: 20, retryDelay: 20 };
  process.on("exit", () => rmSync(directory, remove));
  for (;;) {
    const address = `127.0.0.1:${await freePort()}`;
    const scheme = options.certificates === undefined ? "http" : "https";
    // The port may be gone by now: then another one is tried.
    if (await runServer(directory, address, options)) return `${scheme}://${address}`;
  }
}

/** Resolves with true when the server answers, false when it has ended. */
function runServer(
  directory: string,
  address: string,
  { environment, certificates }: S3ServerOptions,
): Promise<boolean> {
  const words = ["server", "--address", address, join(directory, "data")];
  if (certificates !== undefined) words.push("--certs-dir", certificates);
  const server = spawn(serverPath ?? "", words, {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      HOME: directory,
      MINIO_ROOT_USER: credentials.accessKey,
      MINIO_ROOT_PASSWORD: credentials.secretKey,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      ...environment,
    },
  });
  // Before its folder is removed, which was planned earlier.
  process.prependListener("exit", () => server.kill("SIGKILL"));
  return new Promise((resolve) => {
    let output = "";
    server.stderr?.on("data", (text: Buffer) => {
      output += text.toString();
      if (!output.includes("API:")) return;
      forget(server);
      resolve(true);
    });
    server.once("exit", () => resolve(false));
  });
}

/** The process of the tests does not wait for the server, which must go on being listened to. */
function forget(server: ChildProcess): void {
  if (server.stderr instanceof Socket) server.stderr.unref();
  server.unref();
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
