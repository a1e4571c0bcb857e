import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { statewire } from "./support/command-line.js";
import { FunctionServerProcess } from "./support/function-server-process.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: what a person does with checkpoints on the command line: list, verify, go back, and make no
// mistake that costs a running node its lineage. Method: real nodes and a store in a folder.

const program = fileURLToPath(new URL("../../bin/statewire.js", import.meta.url));

describe("the command line and checkpoints", function () {
  this.timeout(180_000);
  let folder = "";
  let functions: FunctionServerProcess;
  let nodes: StatewireProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "statewire-verbs-"));
    functions = new FunctionServerProcess(new URL("./functions/keeper.js", import.meta.url));
    await functions.start();
  });

  afterEach(async () => {
    await Promise.all([...nodes.map((node) => node.kill()), functions.kill()]);
    nodes = [];
    rmSync(folder, { recursive: true });
  });

  function start(dataDirectory: string, ...words: readonly string[]): StatewireProcess {
    const place = ["--data-dir", dataDirectory, "--checkpoint-store", "file:kept"];
    const endpoint = `spec: {functions: keeper/*, address: "${functions.address}"}`;
    const egress = "kind: statewire.grpc.v1/egress\nspec: {id: keeper/out}";
    const node = new StatewireProcess({
      module: `kind: statewire.endpoints.v1/grpc\n${endpoint}\n---\n${egress}\n`,
      directory: folder,
      words: [...place, "--checkpoint-interval-ms", "24 day", ...words],
    });
    nodes.push(node);
    return node;
  }

  async function ask(...words: readonly string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await statewire([...words, "--json"]);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout.toString());
  }

  async function count(grpc: string): Promise<unknown> {
    const command = ["--json-type", "keeper/command", '{"set":"x"}'];
    return (await ask("call", "keeper/item/ann", ...command, "--grpc", grpc))["value"];
  }

  const create = (grpc: string) => ask("checkpoint", "create", "--grpc", grpc);
  const store = () => ["--checkpoint-store", `file:${join(folder, "kept")}`];

  /** A node with two checkpoints, one of a count of 1 and one of 2. Its machine is lost. */
  async function makeTwo() {
    const node = start("first");
    const { grpcAddress } = await node.ready();
    await count(grpcAddress);
    const first = await create(grpcAddress);
    await count(grpcAddress);
    const second = await create(grpcAddress);
    await node.kill();
    rmSync(join(folder, "first"), { recursive: true });
    return { first: Number(first["number"]), second: Number(second["number"]) };
  }

  it("start a node with the latest checkpoint, a number or a time", async () => {
    const { first } = await makeTwo();
    const { stdout } = await statewire(["checkpoint", "list", "--json", ...store()]);
    const listed = stdout.toString().split("\n").slice(0, -1);
    const times = new Map(
      listed.map((line) => {
        const { number, createdAtMs } = JSON.parse(line) as Record<string, number>;
        return [number, new Date(createdAtMs ?? 0).toISOString()];
      }),
    );
    const choices = [[], ["--restore", `${first}`], ["--restore", times.get(first) ?? ""]];
    for (const [at, words] of choices.entries()) {
      const node = start(`other ${at}`, ...words);
      const { grpcAddress } = await node.ready();
      assert.equal(await count(grpcAddress), at === 0 ? "x 3" : "x 2");
      await node.kill();
    }
    const full = start("other 0", "--restore", "latest");
    assert.equal(await full.exitCode(), 1);
    assert.match(full.log, /holds data: --restore needs an empty one/);
  });

  it("name the object that is damaged, refuse the checkpoint, and offer another", async () => {
    const { first, second } = await makeTwo();
    const objects = join(folder, "kept/main/objects");
    const last = readdirSync(objects).sort().at(-1) ?? "";
    const bytes = readFileSync(join(objects, last));
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(join(objects, last), bytes);
    const verified = await statewire(["checkpoint", "verify", ...store()]);
    assert.equal(verified.exitCode, 1);
    assert.match(verified.stdout.toString(), new RegExp(`${second} .*1 damaged`));
    assert.match(verified.stderr, new RegExp(`${last} is damaged`));
    const node = start("other");
    assert.equal(await node.exitCode(), 1);
    assert.match(node.log, new RegExp(`${last} is damaged`));
    assert.match(
      node.log,
      new RegExp(`newest good checkpoint is ${first} \\(--restore ${first}\\)`),
    );
    const target = ["--data-dir", join(folder, "other"), "--at", `${first}`];
    assert.equal((await statewire(["checkpoint", "restore", ...store(), ...target])).exitCode, 0);
  });

  it("take no lineage from a node that runs where another one wants to listen", async () => {
    const { grpcAddress } = await start("first").ready();
    await count(grpcAddress);
    const second = start("second", "--grpc", grpcAddress);
    assert.equal(await second.exitCode(), 1);
    assert.match(second.log, /cannot listen on/);
    await count(grpcAddress);
    assert.match(String((await create(grpcAddress))["kind"]), /^(base|delta)$/);
  });

  it("name the process that has the data directory, not its addresses", async () => {
    const first = start("first");
    const { grpcAddress, httpAddress } = await first.ready();
    const second = start("first", "--grpc", grpcAddress, "--http", httpAddress);
    assert.equal(await second.exitCode(), 1);
    assert.match(second.log, new RegExp(`is in use by process ${first.pid}`));
  });

  it("say how to reach the checkpoints of another data directory", async () => {
    const words = ["--data-dir", join(folder, "copy")];
    const missing = await statewire(["checkpoint", "restore", "--at", "5", ...words]);
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /no checkpoint 5 in .*copy.*--checkpoint-store file:OTHER\/check/);
    assert.equal(existsSync(join(folder, "copy")), false);
    await makeTwo();
    const fork = ["checkpoint", "restore", "--as", "what-if", ...words, ...store()];
    assert.equal((await statewire(fork)).exitCode, 0);
    const again = await statewire(fork);
    assert.equal(again.exitCode, 1);
    assert.match(
      again.stderr,
      /copy \(dataDir, --data-dir\) holds data: restore into an empty one/,
    );
    const node = start("copy", "--restore", "1");
    assert.equal(await node.exitCode(), 1);
    assert.match(node.log, /--restore needs an empty one, and --checkpoint-store file:.*kept/);
  });

  it("say at once that a store does not answer", async () => {
    const words = ["--checkpoint-store", "s3://bucket/x", "--s3-endpoint", "http://127.0.0.1:9"];
    const child = spawn(process.execPath, [program, "checkpoint", "list", ...words], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" },
    });
    let log = "";
    for await (const text of child.stderr) {
      log += String(text);
      if (log.includes("\n")) break;
    }
    child.kill();
    assert.match(log, /trying again for a while: cannot list .* in s3:\/\/bucket\/x: connect/);
  });
});
