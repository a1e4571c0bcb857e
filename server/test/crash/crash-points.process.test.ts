import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compareLedger, drawRecords } from "../support/ledger-outcome.js";
import { Ledger, type LedgerRecord } from "../support/process-ledger.js";
import { Random } from "../support/random.js";
import { crashEnvironment } from "./crash-environment.js";
import {
  crashPointsOf,
  firstSteps,
  lastStep,
  laterSteps,
  otherSteps,
  removedDelta,
} from "./crash-points.js";
import { pointName } from "./disk-step.js";

// Goal: a node may die between any two steps that it takes on its disk, and in the middle of each
// write. Method: real processes; one node after the other over the same data dies at the next point,
// with something to do; the last one runs on, and then everything has taken effect once. Every step
// that any of them took has to be one that the walk knows.

/** A node that has not died after this long does not get to its point. */
const patienceMs = 120_000;
/**
 * Messages that wait for a function server make checkpoints, however many they are spread over, of which one is too
 * large to be written again together with the next ones: then its delta files are removed.
 */
const waiting = { records: 900, textBytes: 20_000 };

// Small, so that a few records meet folds and checkpoints.
const words = [
  ...["--journal-segment-bytes", "1 MiB", "--fold-journal-bytes", "1 MiB"],
  ...["--checkpoint-interval-ms", "100 ms"],
  ...["--checkpoints-kept", "1", "--checkpoint-retention-ms", "0 ms"],
];

class Walk {
  readonly ledger: Ledger;
  readonly records: LedgerRecord[] = [];
  readonly #random = new Random(1n);
  readonly #trace: string;

  constructor(folder: string, more: readonly string[]) {
    this.ledger = new Ledger(folder, { words: [...words, ...more] });
    this.#trace = `${folder}.trace`;
  }

  /** Every step that was taken, in order. */
  get steps(): string[] {
    const names = readFileSync(this.#trace, "utf8").split("\n");
    return names.filter((name) => name.startsWith("before ")).map((name) => name.slice(7));
  }

  addRecords(count: number, textBytes = 0): void {
    const text = "x".repeat(textBytes);
    const drawn = drawRecords(this.#random, count, this.records.length);
    const added = textBytes === 0 ? drawn : drawn.map((record) => ({ ...record, text }));
    this.records.push(...added);
    this.ledger.writeInput(added);
  }

  /** Has a node die there. */
  async die(point: string): Promise<void> {
    const isRemoval = point === pointName("before", removedDelta);
    if (isRemoval) {
      await this.ledger.server.kill();
      this.addRecords(waiting.records, waiting.textBytes);
    } else this.addRecords(100);
    const node = this.ledger.startDoomedNode(this.#environment(point));
    const timer = setTimeout(() => node.signal("SIGABRT"), patienceMs);
    if (point === pointName("before", lastStep)) {
      await node.ready();
      node.signal("SIGTERM");
    }
    await node.exitCode();
    clearTimeout(timer);
    assert.equal(node.endSignal, "SIGKILL", `"${point}" is not reached:\n${node.log}`);
    if (isRemoval) await this.ledger.server.start();
  }

  /** Runs a node until there is nothing to do. */
  async settle(): Promise<void> {
    this.ledger.environment = this.#environment("");
    this.ledger.startNode();
    await this.ledger.settled();
  }

  async assertExact(): Promise<void> {
    const { differences } = await compareLedger(this.ledger, this.records);
    assert.deepEqual(differences, []);
  }

  #environment(point: string): Record<string, string> {
    return crashEnvironment({ root: this.ledger.directory, point, trace: this.#trace });
  }
}

describe("a node that dies at a step of its disk", () => {
  const walks: Walk[] = [];

  afterEach(async () => {
    for (const { ledger } of walks.splice(0)) {
      await ledger.stop();
      rmSync(ledger.directory, { recursive: true });
      rmSync(`${ledger.directory}.trace`);
    }
  });

  async function begin(more: readonly string[] = []): Promise<Walk> {
    const walk = new Walk(mkdtempSync(join(tmpdir(), "statewire-point-")), more);
    walks.push(walk);
    walk.addRecords(100);
    await walk.ledger.startServers();
    return walk;
  }

  async function walkThrough(steps: readonly string[]): Promise<void> {
    const walk = await begin();
    if (steps === laterSteps) {
      await walk.settle();
      await walk.ledger.stopNode();
    }
    for (const point of crashPointsOf(steps)) await walk.die(point);
    await walk.settle();
    await walk.assertExact();
    const known = new Set([...firstSteps, ...laterSteps, ...otherSteps]);
    assert.deepEqual(
      [...new Set(walk.steps)].filter((step) => !known.has(step)),
      [],
    );
  }

  it("finds all that it has made, should the power be cut after its first epoch", async () => {
    const walk = await begin(["--data-dir", "deep/data"]);
    await walk.settle();
    const { steps } = walk;
    const isWrite = (step: string) => step === "write deep/data/journal/journal-*";
    const [, firstEpoch] = steps.flatMap((step, at) => (isWrite(step) ? [at] : []));
    const before = steps.slice(0, firstEpoch);
    const made = [
      ...["make deep", "make deep/data", "make deep/data/journal", "make deep/data/tables"],
      ...["make deep/data/deltas", "rename deep/data/format.tmp to deep/data/format"],
      "rename deep/data/journal/spare-*.tmp to deep/data/journal/journal-*",
    ];
    const forgotten = made.filter((step) => {
      const folder = dirname(step.slice(step.lastIndexOf(" ") + 1));
      return before.lastIndexOf(`sync ${folder}`) < before.indexOf(step);
    });
    assert.deepEqual(
      made.filter((step) => !before.includes(step)),
      [],
    );
    assert.deepEqual(forgotten, []);
    assert.ok(before.includes("sync deep/data/tables"), "LMDB does not sync the name of its file");
  }).timeout(60_000);

  it("goes on as if nothing had happened, wherever it dies", async () => {
    // Each start is work of one core.
    await Promise.all([walkThrough(firstSteps), walkThrough(laterSteps)]);
  }).timeout(600_000);
});
