/*
 * Goal: the gRPC API takes nobody in clear text once it has a certificate, and with authorities only who
 * shows a certificate of theirs; the verbs do. Method: the real command, with certificates of the SDK's
 * tests, which are for localhost.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { statewire } from "./support/command-line.js";
import { StatewireProcess } from "./support/statewire-process.js";

const folder = fileURLToPath(new URL("../../../sdk-ts/test/tls/", import.meta.url));
const pem = (name: string) => join(folder, `${name}.pem`);
const certificate = ["--grpc-cert-file", pem("server-certificate")];
const key = ["--grpc-key-file", pem("server-key")];
const authority = ["--grpc-ca-file", pem("authority-certificate")];
const shown = [
  "--grpc-cert-file",
  pem("runtime-certificate"),
  "--grpc-key-file",
  pem("runtime-key"),
];

const module = "kind: statewire.grpc.v1/egress\nspec:\n  id: example/out\n";

describe("the gRPC API by TLS", () => {
  let directory: string;
  let node: StatewireProcess | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-tls-"));
  });
  afterEach(async () => {
    await node?.kill();
    node = undefined;
    rmSync(directory, { recursive: true });
  });

  /** What inspect says, with words of its own. */
  async function startAndInspect(words: readonly string[], ...inspections: string[][]) {
    node = new StatewireProcess({ module, directory, words });
    const { grpcAddress } = await node.ready();
    // The certificate has this name.
    const at = `localhost:${grpcAddress.split(":").at(-1)}`;
    return Promise.all(
      inspections.map((more) => statewire(["inspect", "--grpc", at, "--json", ...more])),
    );
  }

  it("is called by whoever trusts its certificate, and not in clear text", async () => {
    const [trusting, distrusting, clear] = await startAndInspect(
      [...certificate, ...key],
      authority,
      [...shown],
      [],
    );
    assert.equal(trusting?.exitCode, 0, trusting?.stderr);
    assert.equal(distrusting?.exitCode, 1);
    assert.match(distrusting?.stderr ?? "", /cannot reach localhost:\d+ \(--grpc\): .*certificate/);
    assert.equal(clear?.exitCode, 1);
  });

  it("with authorities takes only who shows a certificate of theirs", async () => {
    const [known, unknown] = await startAndInspect(
      [...certificate, ...key, ...authority],
      [...authority, ...shown],
      authority,
    );
    assert.equal(known?.exitCode, 0, known?.stderr);
    assert.equal(unknown?.exitCode, 1);
  });

  it("does not start with a file that is none, or not what it should be", async () => {
    node = new StatewireProcess({
      module,
      directory,
      words: ["--grpc-cert-file", "missing.pem", "--grpc-key-file", "missing.key"],
    });
    assert.equal(await node.exitCode(), 1);
    assert.match(node.log, /grpcCertFile: ENOENT: no such file .*missing\.pem/);
    const swapped = ["--grpc-ca-file", pem("server-key")];
    const { exitCode, stderr } = await statewire(["inspect", ...swapped]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /grpcCaFile .*server-key\.pem cannot be used: /);
  });
});
