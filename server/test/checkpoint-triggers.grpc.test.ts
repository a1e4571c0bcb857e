import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../src/settings.js";
import { statewire } from "./support/command-line.js";
import { LocalNode } from "./support/process-node.js";

// Goal: a checkpoint is written after an interval, after so many changes, and when somebody asks; and
// none when nothing has changed. Method: a whole node whose other occasions are days or gigabytes away.

const module = `kind: statewire.endpoints.v1/grpc
spec: {functions: example/*, address: "127.0.0.1:9"}
`;

const day = 24 * 3_600_000;
const gigabyte = 1024 ** 3;

describe("a checkpoint begins", function () {
  this.timeout(60_000);
  let directory = "";
  let node: LocalNode;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-triggers-"));
  });

  afterEach(async () => {
    await node.stop();
    rmSync(directory, { recursive: true });
  });

  async function start(given: Partial<Settings>): Promise<void> {
    const never = { checkpointIntervalMs: day, checkpointBytes: 64 * gigabyte };
    const settings = { ...never, drainTimeoutMs: 100, ...given };
    node = await LocalNode.start({ module, directory, settings });
    await node.send("example/a/first", "1");
    await create();
  }

  async function create(): Promise<{ number: number; epoch: number; kind: string }> {
    const words = ["checkpoint", "create", "--json", "--grpc", node.node.grpcAddress];
    return JSON.parse((await statewire(words)).stdout.toString());
  }

  const completed = () => node.log.filter(({ msg }) => msg === "checkpoint complete");

  it("after the interval, when something has changed", async () => {
    await start({ checkpointIntervalMs: 100 });
    const before = completed().length;
    await node.send("example/a/x", "1");
    await node.logged("checkpoint complete", before + 1);
    const epochs = completed().map((line) => line["epoch"]);
    assert.equal(new Set(epochs).size, epochs.length);
  });

  it("as soon as enough has changed", async () => {
    await start({ checkpointBytes: 64 * 1024, foldJournalBytes: 8 * 1024 * 1024 });
    const text = "x".repeat(100_000);
    for (let sent = 0; completed().length < 2; sent++) await node.send(`example/a/${sent}`, text);
    assert.equal(completed()[1]?.["kind"], "delta");
  });

  it("when somebody asks, and holds what came before", async () => {
    await start({});
    const [first] = completed();
    await node.send("example/a/x", "1");
    const created = await create();
    assert.ok(created.epoch > Number(first?.["epoch"]));
    const again = await create();
    assert.deepEqual([again.kind, again.number], ["nothing", created.number]);
  });
});
