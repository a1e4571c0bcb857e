import { setTimeout } from "node:timers/promises";
import { Ledger } from "../support/process-ledger.js";
import { MemoryWatch } from "./memory-watch.js";
import { compareLines, type LinesOutcome, writeRecords } from "./numbered-lines.js";

export interface TimerTrialOptions {
  /** An empty folder. */
  readonly directory: string;
  /** Delayed messages that are pending at a time. */
  readonly timers: number;
  /** When they are due, after the start: all of them have to be pending by then. */
  readonly dueAfterMs: number;
  readonly words?: readonly string[];
  readonly onProgress?: (phase: "pending" | "fired", timers: number) => void;
  readonly signal?: AbortSignal;
}

export interface TimerReport extends LinesOutcome {
  readonly timers: number;
  /** Until all of them were pending. */
  readonly settingSeconds: number;
  /** From the start of the node, after they were due, until all of them had fired. */
  readonly firingSeconds: number;
  /** The most memory of its own that the node had meanwhile, in bytes. */
  readonly settingBytesMax: number;
  readonly firingBytesMax: number;
}

/** However long the line at the function server is: nothing is to be tried again. */
const patience = "1 min";
/** One address sets so many. */
const timersPerAddress = 100;

/**
 * Many delayed messages are pending when the node is killed; they become due while it is down, and
 * fire when it is back.
 *
 * @throws Error when one fires early, or the node ends by itself.
 */
export async function runTimerTrial(options: TimerTrialOptions): Promise<TimerReport> {
  const { directory, timers, words = [], onProgress, signal } = options;
  const ledger = new Ledger(directory, { words, target: "alarm", timeout: patience });
  signal?.addEventListener("abort", () => void ledger.stop());
  const addresses = Math.ceil(timers / timersPerAddress);
  const startedAt = performance.now();
  const dueMs = Date.now() + options.dueAfterMs;
  const records = { count: timers, addresses, amount: dueMs };
  await writeRecords(ledger.inputPath, records);
  await ledger.server.start();
  let memory = new MemoryWatch(ledger.startNode().pid ?? 0);
  try {
    await ledger.untilStatus((status) => {
      onProgress?.("pending", status.timers);
      if (Date.now() > dueMs) throw new Error(`${status.timers} of ${timers} pending when due`);
      return status.timers === timers;
    });
    const settingSeconds = (performance.now() - startedAt) / 1000;
    const settingBytesMax = memory.takeMax();
    memory.close();
    await ledger.killNode();
    if (ledger.outputBytes > 0) throw new Error("a delayed message has come before its time");
    await setTimeout(Math.max(0, dueMs - Date.now()));
    const dueAt = performance.now();
    memory = new MemoryWatch(ledger.startNode().pid ?? 0);
    await ledger.settled((status) => onProgress?.("fired", timers - status.timers));
    return {
      timers,
      settingSeconds,
      settingBytesMax,
      firingSeconds: (performance.now() - dueAt) / 1000,
      firingBytesMax: memory.takeMax(),
      ...(await compareLines(ledger.outputPath, records)),
    };
  } finally {
    memory.close();
    await ledger.stop();
  }
}
