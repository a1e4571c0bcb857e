import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { EgressClient, type RecordBatch } from "@statewire/protos/statewire/v1/egress.js";
import { formatValueMembers } from "../src/codec/typed-value-text.js";
import { insecure } from "./support/api-node.js";
import { dumpTables } from "./support/checkpointed-store.js";
import { statewire } from "./support/command-line.js";
import { FunctionServerProcess } from "./support/function-server-process.js";
import { StatewireProcess } from "./support/statewire-process.js";

// Goal: whatever a node keeps is in a checkpoint, comes back with it and goes on, and can be read by
// others. Method: a real node with something of each kind, killed with -9 and its disk deleted; the
// same tables, entry by entry, and the same behaviour on another one; a reader in Python that knows
// docs/formats/checkpoint.md and none of our code.

const module = (functions: string) => `kind: statewire.endpoints.v1/grpc
spec: {functions: keeper/*, address: "${functions}"}
---
kind: statewire.grpc.v1/egress
spec: {id: keeper/out}
---
kind: statewire.file.v1/ingress
spec:
  id: keeper/lines
  path: lines.ndjson
  format: ndjson
  targets: [{function: keeper/item, id: lines, valueType: keeper/command}]
`;

const reader = fileURLToPath(new URL("../../test/support/read_checkpoint.py", import.meta.url));
const python = findPython();

/** Python with the package brotli: where .ci/run makes it. Else a test that says why it does not run. */
function findPython(): string | null {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const path = join(cache, "statewire/python/bin/python");
  if (existsSync(path)) return path;
  const notice = `THE READER IN PYTHON DOES NOT RUN: no ${path} (.ci/run makes one)`;
  process.stderr.write(`\n*** ${notice} ***\n`);
  if (process.env["TEST_PYTHON"] === "required") throw new Error(notice);
  return null;
}

interface Entry {
  readonly table: string;
  readonly [field: string]: unknown;
}

interface State {
  readonly name: string;
  readonly typename: string;
  readonly value: unknown;
}

function writeLines(folder: string, count: number): void {
  const lines = Array.from({ length: count }, (_, at) => `{"set":"line ${at + 1}"}\n`);
  writeFileSync(join(folder, "lines.ndjson"), lines.join(""));
}

describe("what a node keeps", function () {
  this.timeout(180_000);
  let folder = "";
  let functions: FunctionServerProcess;
  let node: StatewireProcess | null = null;
  let grpc = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "statewire-contents-"));
    functions = new FunctionServerProcess(new URL("./functions/keeper.js", import.meta.url));
  });

  afterEach(async () => {
    await Promise.all([node?.kill(), functions.kill()]);
    rmSync(folder, { recursive: true });
  });

  async function startNode(dataDirectory: string, ...words: readonly string[]): Promise<void> {
    const store = ["--data-dir", dataDirectory, "--checkpoint-store", "file:kept"];
    node = new StatewireProcess({
      module: module(functions.address),
      directory: folder,
      words: [...store, "--checkpoint-interval-ms", "24 day", ...words],
    });
    grpc = (await node.ready()).grpcAddress;
  }

  /** The JSON lines that a verb prints. */
  async function ask(...words: readonly string[]): Promise<Entry[]> {
    const { exitCode, stdout, stderr } = await statewire([...words, "--json", "--grpc", grpc]);
    assert.equal(exitCode, 0, `${words.join(" ")}: ${stderr}`);
    const lines = stdout.toString().split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Entry);
  }

  /** The value of a state; undefined: none. */
  async function state(address: string, name: string): Promise<unknown> {
    const [states] = (await ask("state", "get", address)) as unknown as readonly State[][];
    return states?.find((each) => each.name === name)?.value;
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      // Asked again at once: the answer takes its time.
    }
  }

  const call = (id: string, command: object, ...words: readonly string[]) => {
    const value = ["--json-type", "keeper/command", JSON.stringify(command)];
    return ask("call", `keeper/item/${id}`, ...value, ...words);
  };

  const functionOf = async (name: string) => {
    const [status] = await ask("inspect");
    const types = status?.["functions"] as readonly Record<string, unknown>[];
    return types.find(({ typeName }) => typeName === `keeper/${name}`) ?? {};
  };

  const timers = async () => Number((await ask("inspect"))[0]?.["timers"]);

  /** Something of every kind. */
  async function fill(): Promise<void> {
    writeLines(folder, 5);
    await functions.start("holding");
    await startNode("first");
    await until(async () => (await state("keeper/item/lines", "count")) === 5);
    await call("ann", { set: "one" }, "--key", "order-1");
    await ask("checkpoint", "create");
    await call("ann", { set: "two" });
    await call("ann", { remindAs: "soon" });
    await call("ann", { remindAs: "later" });
    for (const text of ["1", "2", "3"]) {
      await ask("send", "keeper/held/x", text);
      await ask("send", "keeper/broken/y", text);
    }
    await until(async () => (await ask("parked", "list")).length === 1);
    await until(async () => (await functionOf("held"))["invocationsInFlight"] === 1);
    const producer = ["--source", "meter", "--sequence"];
    const reading = ["--json-type", "keeper/command", '{"set":"reading"}'];
    await ask("send", "keeper/item/bob", ...reading, ...producer, "7");
    await until(async () => (await state("keeper/item/bob", "count")) === 1);
    const [created] = await ask("checkpoint", "create");
    assert.equal(created?.["kind"], "delta");
  }

  it("is the same, and goes on, on another machine", async () => {
    await fill();
    const listed = await ask("parked", "list");
    await Promise.all([node?.kill(), functions.kill()]);
    const kept = await dumpTables(join(folder, "first"));
    rmSync(join(folder, "first"), { recursive: true });
    const place = ["--checkpoint-store", `file:${folder}/kept`, "--data-dir", `${folder}/second`];
    const restored = await statewire(["checkpoint", "restore", ...place]);
    assert.equal(restored.exitCode, 0, restored.stderr);
    assert.deepEqual(await dumpTables(join(folder, "second")), kept);

    writeLines(folder, 7);
    await functions.start("releasing");
    await startNode("second");
    // A file goes on from its position, and a producer and a caller from theirs.
    await until(async () => (await state("keeper/item/lines", "count")) === 7);
    assert.equal(await state("keeper/item/lines", "plain"), "line 7");
    const again = await call("ann", { set: "one" }, "--key", "order-1");
    assert.deepEqual(again[0]?.["value"], "one 1");
    const reading = ["--json-type", "keeper/command", '{"set":"reading"}', "--source", "meter"];
    await ask("send", "keeper/item/bob", ...reading, "--sequence", "7");
    await ask("send", "keeper/item/bob", ...reading, "--sequence", "8");
    await until(async () => (await state("keeper/item/bob", "count")) === 2);
    // What expires does, what does not yet is there.
    for (const name of ["plain", "written", "touched"]) {
      assert.equal(await state("keeper/item/ann", name), "two");
    }
    assert.equal(await state("keeper/item/ann", "brief"), undefined);
    // What was in flight and what waited, in order.
    await until(async () => String(await state("keeper/held/x", "seen")) === "1,2,3");
    // What was parked, with what waits behind it.
    assert.deepEqual(await ask("parked", "list"), listed);
    await ask("parked", "retry", "keeper/broken/y");
    await until(async () => String(await state("keeper/broken/y", "seen")) === "1,2,3");
    // Delayed messages, and the tokens that cancel them.
    assert.equal(await timers(), 2);
    await call("ann", { cancel: "soon" });
    await until(async () => (await timers()) === 1);
    // What no egress had taken yet, once and in order.
    const records = await takeRecords(11);
    const others = records.filter((record) => !record.startsWith("lines"));
    assert.deepEqual(others, ["ann one", "ann two", "bob reading", "bob reading"]);
  });

  /** Reads records of the egress from the first one on. */
  async function takeRecords(count: number): Promise<string[]> {
    const client = new EgressClient(grpc, insecure);
    const stream = client.subscribe();
    const records: string[] = [];
    stream.on("error", () => undefined);
    const complete = new Promise<void>((resolve) => {
      stream.on("data", (batch: RecordBatch) => {
        for (const { sequence, value } of batch.records) {
          assert.equal(Number(sequence), records.length + 1);
          records.push(String(textOf(value?.typename, value?.value)));
        }
        stream.write({ request: { $case: "acknowledge", value: records.length } });
        if (records.length >= count) resolve();
      });
    });
    stream.write({ request: { $case: "start", value: { egress: "keeper/out", window: 0 } } });
    await complete;
    stream.cancel();
    client.close();
    return records;
  }

  it("can be read by others, who know the format's page alone", async function () {
    if (python === null) return this.skip();
    await fill();
    const { stdout } = await promisify(execFile)(python, [reader, join(folder, "kept"), "main"]);
    const entries = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Entry);
    const of = (table: string) => entries.filter((entry) => entry.table === table);
    assert.deepEqual(of("checkpoint")[0]?.["runs"], ["base", "delta"]);
    await assertSameStates(of("state"));
    const waiting = of("message").map(({ target, typename, value }) =>
      [target, shown(String(typename), String(value))].join(" "),
    );
    const each = (address: string) => ["1", "2", "3"].map((text) => `${address} ${text}`);
    assert.deepEqual(waiting.sort(), [...each("keeper/broken/y"), ...each("keeper/held/x")]);
    assert.deepEqual(
      of("timer").map(({ target, token }) => `${target} ${token}`),
      ["keeper/item/ann soon", "keeper/item/ann later"],
    );
    assert.deepEqual(
      of("token")
        .map(({ token }) => token)
        .sort(),
      ["later", "soon"],
    );
    assert.equal(of("record").length, 8);
    const [parked] = of("parked");
    assert.equal(parked?.["address"], "keeper/broken/y");
    assert.equal(parked?.["message"], "not today");
    const key = of("idempotency key").find((entry) => entry["key"] === "order-1");
    assert.equal(key?.["outcome"], 3);
    assert.equal(of("position").find(({ source }) => source === "meter")?.["sequence"], 7);
  });

  /** Of each function type and id: the same states with the same bytes. */
  async function assertSameStates(read: readonly Entry[]): Promise<void> {
    const now = Date.now();
    const alive = read.filter(
      ({ expiresAtMs }) => expiresAtMs === null || Number(expiresAtMs) > now,
    );
    const theirs = alive.map(({ address, state: name, typename, value }) =>
      JSON.stringify([address, name, typename, shown(String(typename), String(value))]),
    );
    const ours: string[] = [];
    for (const type of ["item", "held", "broken"]) {
      for (const { id, states } of await ask("state", "list", `keeper/${type}`)) {
        for (const { name, typename, value } of states as readonly State[]) {
          ours.push(JSON.stringify([`keeper/${type}/${id}`, name, typename, value]));
        }
      }
    }
    assert.ok(ours.length >= 12);
    assert.deepEqual(theirs.sort(), ours.sort());
  }
});

/** As the command line shows a value. */
function shown(typename: string, base64: string): unknown {
  return textOf(typename, Buffer.from(base64, "base64"));
}

function textOf(typename = "", value: Uint8Array = new Uint8Array(0)): unknown {
  return JSON.parse(`{${formatValueMembers({ typename, value })}}`).value;
}
