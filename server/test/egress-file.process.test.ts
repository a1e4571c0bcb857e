import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { statewire } from "./support/command-line.js";
import { FunctionServerProcess } from "./support/function-server-process.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: a file that is not as its egress left it stops that egress, and nothing else. Method: real
// nodes, whose file the test truncates, moves and puts back.

describe("a node with a file egress", function () {
  this.timeout(120_000);
  let folder = "";
  let functions: FunctionServerProcess;
  let nodes: StatewireProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "statewire-file-egress-"));
    functions = new FunctionServerProcess(new URL("./functions/keeper.js", import.meta.url));
    await functions.start();
  });

  afterEach(async () => {
    await Promise.all([...nodes.map((node) => node.kill()), functions.kill()]);
    nodes = [];
    rmSync(folder, { recursive: true });
  });

  const path = () => join(folder, "out.txt");
  const lines = (): string[] => readFileSync(path(), "utf8").split("\n").slice(0, -1);

  function start(dataDirectory = "data", file = "out.txt"): StatewireProcess {
    const endpoint = `spec: {functions: keeper/*, address: "${functions.address}"}`;
    const egress = `spec: {id: keeper/out, path: ${file}, format: raw}`;
    const node = new StatewireProcess({
      module:
        `kind: statewire.endpoints.v1/grpc\n${endpoint}\n---\n` +
        `kind: statewire.file.v1/egress\n${egress}\n`,
      directory: folder,
      words: ["--data-dir", dataDirectory, "--checkpoint-store", "file:kept"],
    });
    nodes.push(node);
    return node;
  }

  async function ask(...words: readonly string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await statewire([...words, "--json"]);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout.toString());
  }

  /** Has a function send a record with the text. */
  async function emit(grpc: string, text: string): Promise<void> {
    const command = ["--json-type", "keeper/command", JSON.stringify({ set: text })];
    await ask("call", "keeper/item/ann", ...command, "--grpc", grpc);
  }

  async function egress(http: string): Promise<{ state: string; reason?: string }> {
    const answer = await fetch(`http://${http}/readyz`);
    const { egresses } = (await answer.json()) as { egresses: { state: string }[] };
    return egresses[0] ?? { state: "missing" };
  }

  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await turn();
  }

  it("serves on when the file is truncated, and writes on when it is put back", async () => {
    const node = start();
    const { grpcAddress, httpAddress } = await node.ready();
    await emit(grpcAddress, "one");
    await until(() => existsSync(path()) && lines().length === 1);
    truncateSync(path());
    await emit(grpcAddress, "two");
    await emit(grpcAddress, "three");
    await until(async () => (await egress(httpAddress)).state === "stopped");
    const reason = `${path()} is 0 bytes long, but its egress wrote 8 bytes`;
    assert.equal((await egress(httpAddress)).reason, reason);
    const metrics = await (await fetch(`http://${httpAddress}/metrics`)).text();
    assert.match(metrics, /statewire_egress_state\{.*state="stopped".*\} 1/);
    const inspected = await statewire(["inspect", "--grpc", grpcAddress]);
    assert.match(inspected.stdout.toString(), /keeper\/out .*stopped .*is 0 bytes long/);
    assert.equal(node.messages.filter((message) => message === "egress stopped").length, 1);
    assert.doesNotMatch(node.log, /stack/);
    writeFileSync(path(), "ann one\n");
    await until(() => lines().length === 3);
    assert.deepEqual(lines(), ["ann one", "ann two", "ann three"]);
    assert.equal((await egress(httpAddress)).state, "running");
  });

  it("starts without the file that it wrote, and goes on when it is put back", async () => {
    const first = start();
    await emit((await first.ready()).grpcAddress, "one");
    await until(() => existsSync(path()) && lines().length === 1);
    first.signal("SIGTERM");
    assert.equal(await first.exitCode(), 0);
    renameSync(path(), `${path()}.old`);
    const { grpcAddress, httpAddress } = await start().ready();
    const reason = `${path()} does not exist, but its egress wrote 8 bytes into it`;
    assert.deepEqual(await egress(httpAddress), { name: "keeper/out", state: "stopped", reason });
    await emit(grpcAddress, "two");
    renameSync(`${path()}.old`, path());
    await until(() => lines().length === 2);
    assert.deepEqual(lines(), ["ann one", "ann two"]);
  });

  it("keeps its file to itself when it is forked", async () => {
    const original = await start().ready();
    await emit(original.grpcAddress, "one");
    const at = String(
      (await ask("checkpoint", "create", "--grpc", original.grpcAddress))["number"],
    );
    await emit(original.grpcAddress, "two");
    await until(() => lines().length === 2);
    const store = ["--checkpoint-store", `file:${join(folder, "kept")}`];
    const target = ["--as", "what-if", "--data-dir", join(folder, "copy"), ...store];
    await ask("checkpoint", "restore", "--at", at, ...target);
    const node = start("copy");
    const fork = await node.ready();
    assert.match((await egress(fork.httpAddress)).reason ?? "", /is a fork that did not write it/);
    await emit(fork.grpcAddress, "fork");
    await emit(original.grpcAddress, "three");
    await until(() => lines().length === 3);
    assert.deepEqual(lines(), ["ann one", "ann two", "ann three"]);
    node.signal("SIGTERM");
    assert.equal(await node.exitCode(), 0);
    const elsewhere = join(folder, "fork.txt");
    const again = await start("copy", "fork.txt").ready();
    await emit(again.grpcAddress, "again");
    // The checkpoint may be older than the acknowledgement of the first record.
    const written = () => (existsSync(elsewhere) ? readFileSync(elsewhere, "utf8") : "");
    await until(() => written().endsWith("ann fork\nann again\n"));
    assert.doesNotMatch(written(), /two|three/);
    assert.equal((await egress(original.httpAddress)).state, "running");
  });
});
