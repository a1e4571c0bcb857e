import { setTimeout } from "node:timers/promises";
import { crashEnvironment } from "../crash/crash-environment.js";
import { crashPointsOf, laterSteps } from "../crash/crash-points.js";
import {
  compareLedger,
  drawRecords,
  expectedLedger,
  type LedgerOutcome,
} from "../support/ledger-outcome.js";
import { Ledger, type LedgerRecord } from "../support/process-ledger.js";
import { Random } from "../support/random.js";
import type { StatewireProcess } from "../support/statewire-process.js";

export interface KillTrialOptions {
  /** An empty folder. */
  readonly directory: string;
  /** Decides what happens; when it happens is up to the machine. */
  readonly seed: bigint;
  /** How often the node is killed with -9. */
  readonly kills: number;
  /** What is to be done between two kills. */
  readonly recordsPerKill: number;
  readonly onKill?: (counts: KillCounts) => void;
  /** Ends the trial early, and all of its processes. */
  readonly signal?: AbortSignal;
}

/** What was done to the processes. */
export interface KillCounts {
  /** kill -9 of the node, of which some at a step of its disk, and some before it was ready. */
  kills: number;
  killsAtSteps: number;
  killsOfStarts: number;
  /** SIGTERM of the node, which drains. */
  drains: number;
  /** kill -9 of a function server. */
  serverKills: number;
  /** SIGSTOP of a function server, and SIGCONT later. */
  serverStops: number;
}

export interface KillReport extends KillCounts, LedgerOutcome {
  readonly seed: string;
  readonly records: number;
  readonly seconds: number;
}

/** A node that is killed within this time is still recovering, or not even that. */
const youngMsMax = 600;
/** A node that is to die at a step dies after this time if it does not take it. */
const stepMsMax = 3000;
/** The how manyth time a step is taken. */
const stepCountMax = 3;
/** When a function server is hit, after the start of a node. */
const blowMsMax = 1500;
/** How long it is stopped: for longer than an invocation may take, or less. */
const awayMsMax = 3000;
/** Nothing takes as long. */
const patienceMs = 120_000;
const pollMs = 2;

const points = crashPointsOf(laterSteps);

// Small, so that kills meet switches of segments, folds and checkpoints.
const words = [
  ...["--journal-segment-bytes", "1 MiB", "--fold-journal-bytes", "1 MiB"],
  ...["--checkpoint-interval-ms", "200 ms", "--checkpoints-kept", "1"],
  ...["--checkpoint-retention-ms", "0 ms"],
];

/**
 * A file in, a file out, real processes in between: the node is killed again and again, at random
 * moments and at random steps of its disk, and its function servers are killed and stopped. Then
 * everything runs to its end, and is compared with a run without failures.
 *
 * @throws Error when a node ends by itself.
 */
export async function runKillTrial(options: KillTrialOptions): Promise<KillReport> {
  const startedAt = performance.now();
  const trial = new KillTrial(options);
  try {
    return { ...(await trial.run()), seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await trial.stop();
  }
}

class KillTrial {
  readonly #options: KillTrialOptions;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #records: readonly LedgerRecord[];
  readonly #outputBytes: number;
  readonly #counts: KillCounts = {
    kills: 0,
    killsAtSteps: 0,
    killsOfStarts: 0,
    drains: 0,
    serverKills: 0,
    serverStops: 0,
  };

  constructor(options: KillTrialOptions) {
    const { directory, seed, kills, recordsPerKill } = options;
    this.#options = options;
    this.#ledger = new Ledger(directory, { words, servers: 2 });
    const random = new Random(seed);
    this.#records = drawRecords(random.fork("records"), (kills + 1) * recordsPerKill);
    this.#outputBytes = outputBytesOf(this.#records);
    this.#random = random.fork("blows");
  }

  async run(): Promise<Omit<KillReport, "seconds">> {
    const ledger = this.#ledger;
    const { kills, seed, onKill, signal } = this.#options;
    signal?.addEventListener("abort", () => void this.stop());
    ledger.writeInput(this.#records);
    await ledger.startServers();
    while (this.#counts.kills < kills) {
      const blow = this.#hitServer();
      if (this.#random.oneIn(10)) await this.#drainNode();
      else await this.#killNode();
      await blow;
      signal?.throwIfAborted();
      onKill?.(this.#counts);
    }
    ledger.startNode();
    await ledger.settled();
    const outcome = await compareLedger(ledger, this.#records);
    return { seed: String(seed), records: this.#records.length, ...this.#counts, ...outcome };
  }

  stop(): Promise<void> {
    return this.#ledger.stop();
  }

  async #killNode(): Promise<void> {
    const random = this.#random;
    const how = random.weighted([
      [5, "moment"],
      [3, "step"],
      [2, "start"],
    ]);
    const root = this.#options.directory;
    const step = { root, point: random.pick(points), count: random.between(1, stepCountMax) };
    const timeMs = how === "step" ? stepMsMax : random.below(youngMsMax);
    const bytes = how === "moment" ? this.#bytesOfNextKill() : Number.POSITIVE_INFINITY;
    const node = this.#ledger.startDoomedNode(how === "step" ? crashEnvironment(step) : {});
    await this.#until(node, { bytes, timeMs: how === "moment" ? patienceMs : timeMs });
    this.#counts.kills++;
    if (how === "start") this.#counts.killsOfStarts++;
    if (node.endSignal !== null) this.#counts.killsAtSteps++;
    await node.kill();
    if (node.endSignal !== "SIGKILL") throw new Error(`the node ended by itself:\n${node.log}`);
  }

  async #drainNode(): Promise<void> {
    const node = this.#ledger.startDoomedNode({});
    await this.#until(node, { bytes: this.#bytesOfNextKill(), timeMs: patienceMs });
    await node.ready();
    node.signal("SIGTERM");
    const code = await node.exitCode();
    if (code !== 0) throw new Error(`the node ended with ${code}:\n${node.log}`);
    this.#counts.drains++;
  }

  /** At most one function server is away at a time. */
  async #hitServer(): Promise<void> {
    const random = this.#random;
    const server = random.pick(this.#ledger.servers);
    const [waitMs, awayMs] = [random.below(blowMsMax), random.below(awayMsMax)];
    const how = random.pick(["kill", "stop", "spare"]);
    if (how === "spare") return;
    await setTimeout(waitMs);
    if (how === "kill") {
      await server.kill();
      await server.start();
      this.#counts.serverKills++;
      return;
    }
    server.signal("SIGSTOP");
    await setTimeout(awayMs);
    server.signal("SIGCONT");
    this.#counts.serverStops++;
  }

  /** There is to be something to do up to the last kill. */
  #bytesOfNextKill(): number {
    const share = (this.#counts.kills + this.#random.below(1000) / 1000) / this.#options.kills;
    return share * this.#outputBytes;
  }

  /** Waits until the output has so many bytes, for a time, or until the node has ended. */
  async #until(
    node: StatewireProcess,
    { bytes, timeMs }: { readonly bytes: number; readonly timeMs: number },
  ): Promise<void> {
    const deadline = performance.now() + timeMs;
    while (this.#ledger.outputBytes < bytes && !node.hasEnded) {
      if (performance.now() < deadline) await setTimeout(pollMs);
      else if (timeMs < patienceMs) return;
      else throw new Error(`no output of ${bytes} bytes within ${timeMs} ms:\n${node.log}`);
    }
  }
}

function outputBytesOf(records: readonly LedgerRecord[]): number {
  const accounts = [...expectedLedger(records).accounts.values()];
  return accounts.flatMap(({ lines }) => lines).reduce((sum, { length }) => sum + length + 1, 0);
}
