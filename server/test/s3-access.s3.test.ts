import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { StoreAccess } from "../src/checkpoint/objectstore/open-store.js";
import { openObjectStore } from "../src/checkpoint/objectstore/open-store.js";
import type { TestBucket } from "./support/s3-server.js";
import {
  createBucket,
  createBucketAt,
  credentials,
  hasS3Server,
  startServer,
} from "./support/s3-server.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: a node gets into an S3 service in each of the ways that the settings and the environment can
// say, and is told what is wrong when it does not. Method: real servers with each feature turned on;
// temporary credentials that the server itself has given out; real processes with an environment.

const program = fileURLToPath(new URL("../../bin/statewire.js", import.meta.url));

interface TemporaryKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken: string;
}

/** Keys with a session token, from the server's own token service. */
async function temporaryKeys(endpoint: string): Promise<TemporaryKeys> {
  // The client's main module does not have it, and only require() may name its file.
  const load = createRequire(import.meta.url);
  const { AssumeRoleProvider } = load("minio/dist/main/AssumeRoleProvider.js") as {
    AssumeRoleProvider: new (options: object) => { getCredentials(): Promise<TemporaryKeys> };
  };
  const options = { stsEndpoint: endpoint, ...credentials, durationSeconds: 900 };
  return new AssumeRoleProvider(options).getCredentials();
}

/** What a process gets beside PATH: nothing of this machine's own credentials. */
function environmentOf(folder: string, given: Readonly<Record<string, string>>) {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: "true",
    ...given,
  };
}

/** Runs a verb in a process of its own, since credentials are looked for in its environment. */
async function run(environment: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: environment["HOME"],
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { exitCode: exitCode as number, output: stdout + stderr };
}

describe("credentials for a real S3 server", function () {
  if (!hasS3Server()) return;
  this.timeout(180_000);
  let folder = "";
  let bucket: TestBucket;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "statewire-access-"));
    bucket = await createBucket();
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const list = (given: Readonly<Record<string, string>>) => {
    const environment = environmentOf(folder, {
      STATEWIRE_S3_ENDPOINT: bucket.endpoint,
      ...given,
    });
    const store = `s3://${bucket.bucket}/application`;
    return run(environment, "checkpoint", "list", "--checkpoint-store", store);
  };

  const keysOf = ({ accessKey, secretKey, sessionToken }: TemporaryKeys) => ({
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_SESSION_TOKEN: sessionToken,
  });

  function assertIn({ exitCode, output }: Awaited<ReturnType<typeof run>>): void {
    assert.equal(exitCode, 0, output);
    assert.match(output, /no checkpoint in s3:/);
  }

  it("may be temporary ones of the environment, with their token and not without", async () => {
    const keys = await temporaryKeys(bucket.endpoint);
    assertIn(await list(keysOf(keys)));
    const { exitCode, output } = await list({ ...keysOf(keys), AWS_SESSION_TOKEN: "" });
    assert.equal(exitCode, 1);
    assert.match(output, /InvalidAccessKeyId|InvalidTokenId|AccessDenied/);
    assert.ok(!output.includes(keys.secretKey));
  });

  it("may be in a file, in a profile that assumes a role of the server", async () => {
    const shared = join(folder, "credentials");
    const { accessKey, secretKey } = credentials;
    const keys = `aws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`;
    writeFileSync(shared, `[default]\n${keys}`);
    assertIn(await list({ AWS_SHARED_CREDENTIALS_FILE: shared }));
    const config = join(folder, "config");
    const role =
      "role_arn = arn:aws:iam::123456789012:role/checkpoints\nsource_profile = default\n";
    writeFileSync(config, `[profile shop]\n${role}`);
    const given = { AWS_SHARED_CREDENTIALS_FILE: shared, AWS_CONFIG_FILE: config };
    const region = { AWS_REGION: "us-east-1", AWS_ENDPOINT_URL_STS: bucket.endpoint };
    assertIn(await list({ ...given, ...region, AWS_PROFILE: "shop" }));
  });

  it("may be of the role that the machine or the container has", async () => {
    const keys = await temporaryKeys(bucket.endpoint);
    const asked: string[] = [];
    // Answers as the services for instances and for containers do.
    const service = createServer((request, response) => {
      const path = request.url ?? "";
      asked.push(`${request.method} ${path}`);
      if (path === "/latest/api/token") return response.end("token");
      if (path.endsWith("/security-credentials/")) return response.end("checkpoints");
      const found = { AccessKeyId: keys.accessKey, SecretAccessKey: keys.secretKey };
      const until = { Token: keys.sessionToken, Expiration: new Date(Date.now() + 900_000) };
      const status = path === "/container" ? {} : { Code: "Success", Type: "AWS-HMAC" };
      return response.end(JSON.stringify({ ...status, ...found, ...until }));
    }).listen(0, "127.0.0.1");
    await once(service, "listening");
    const address = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    try {
      assertIn(
        await list({
          AWS_EC2_METADATA_DISABLED: "false",
          AWS_EC2_METADATA_SERVICE_ENDPOINT: address,
        }),
      );
      assert.ok(asked.some((request) => request.endsWith("/security-credentials/checkpoints")));
      assertIn(await list({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/container` }));
      assert.equal(asked.at(-1), "GET /container");
    } finally {
      service.close();
    }
  });

  it("are missed and refused in words that name them, and never a secret", async () => {
    const nowhere = await list({});
    assert.equal(nowhere.exitCode, 1);
    assert.match(nowhere.output, /no S3 credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
    const wrong = { AWS_ACCESS_KEY_ID: credentials.accessKey, AWS_SECRET_ACCESS_KEY: "mistaken" };
    const refused = await list(wrong);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.output, /SignatureDoesNotMatch/);
    assert.ok(!refused.output.includes("mistaken"));
  });
});

describe("the ways to a real S3 server", function () {
  if (!hasS3Server()) return;
  this.timeout(180_000);
  const { lookup } = dns;
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "statewire-access-"));
  });

  afterEach(() => {
    dns.lookup = lookup;
    rmSync(folder, { recursive: true });
  });

  const access: StoreAccess = {
    endpoint: null,
    region: "eu-central-1",
    isPathStyle: true,
    idleTimeoutMs: 10_000,
    environment: {},
  };

  it("have the bucket in the path or in the host's name, and a region that must be right", async () => {
    const domain = "storage.example";
    const server = await startServer({
      environment: { MINIO_SITE_REGION: "eu-central-1", MINIO_DOMAIN: domain },
    });
    const { bucket, environment } = await createBucketAt(server, "eu-central-1");
    // Names that this machine cannot resolve; all else is real.
    const asked: string[] = [];
    const resolve = (name: string, ...rest: unknown[]): void => {
      asked.push(name);
      const known = name.endsWith(domain) ? "127.0.0.1" : name;
      (lookup as (...all: unknown[]) => void)(known, ...rest);
    };
    dns.lookup = resolve as typeof lookup;
    const endpoint = `http://${domain}:${new URL(server).port}`;
    const url = `s3://${bucket}/application`;
    const byHost = openObjectStore(url, { ...access, environment, endpoint, isPathStyle: false });
    const byPath = openObjectStore(url, { ...access, environment, endpoint });
    assert.equal(await byHost.putIfAbsent("main/manifests/1", Buffer.from("by host")), true);
    assert.equal(await byPath.putIfAbsent("main/manifests/1", Buffer.from("by path")), false);
    assert.equal((await byPath.get("main/manifests/1"))?.toString(), "by host");
    assert.equal((await byHost.list("main/", "")).objects.length, 1);
    assert.deepEqual([...new Set(asked)].sort(), [domain, `${bucket}.${domain}`].sort());
    const elsewhere = openObjectStore(url, {
      ...access,
      environment,
      endpoint,
      region: "us-east-1",
    });
    await assert.rejects(elsewhere.get("main/manifests/1"), (error: Error) => {
      assert.match(error.message, /region/);
      assert.equal((error as { code?: string }).code, "MISCONFIGURED");
      return true;
    });
    for (const store of [byHost, byPath, elsewhere]) store.close();
  });

  it("are encrypted, when the endpoint is, with authorities of one's own", async () => {
    const certificates = join(folder, "certificates");
    const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    mkdirSync(certificates);
    const files = ["-keyout", "private.key", "-out", "public.crt"];
    const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    execFileSync("openssl", [...words, ...names, ...files], { cwd: certificates, stdio: "ignore" });
    const server = await startServer({ certificates });
    const { bucket, environment } = await createBucketAt(server);
    const store = ["--checkpoint-store", `s3://${bucket}/application`];
    const trusting = environmentOf(folder, {
      ...environment,
      NODE_EXTRA_CA_CERTS: join(certificates, "public.crt"),
    });
    const node = new StatewireProcess({
      module: "kind: statewire.grpc.v1/egress\nspec: {id: example/out}\n",
      directory: folder,
      words: store,
      environment: trusting,
    });
    try {
      const { grpcAddress } = await node.ready();
      const created = await run(trusting, "checkpoint", "create", "--grpc", grpcAddress);
      assert.equal(created.exitCode, 0, created.output);
      const listed = await run(trusting, "checkpoint", "list", ...store);
      assert.match(listed.output, /takeover/);
    } finally {
      await node.kill();
    }
    const doubting = environmentOf(folder, environment);
    const refused = await run(doubting, "checkpoint", "list", ...store);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.output, /certificate/);
    assert.match(refused.output, /NODE_EXTRA_CA_CERTS/);
  });
});
