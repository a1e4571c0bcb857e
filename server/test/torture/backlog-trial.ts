import type { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";
import { Ledger } from "../support/process-ledger.js";
import { MemoryWatch } from "./memory-watch.js";
import { compareLines, type LinesOutcome, writeRecords } from "./numbered-lines.js";

export interface BacklogTrialOptions {
  /** An empty folder. */
  readonly directory: string;
  /** That wait for a function server that is not there. */
  readonly messages: number;
  /** That they are for, in turn. */
  readonly addresses: number;
  /** That make each of them longer; 0 if it is not given. */
  readonly textBytes?: number;
  /** On the command line of the node. */
  readonly words?: readonly string[];
  readonly onProgress?: (phase: "taken" | "done", messages: number) => void;
  readonly signal?: AbortSignal;
}

export interface BacklogReport extends LinesOutcome {
  readonly messages: number;
  readonly addresses: number;
  /** Until all of them waited. */
  readonly takingSeconds: number;
  /** From the start of the function server until all of them were done. */
  readonly drainingSeconds: number;
  /** The most memory of its own that the node had meanwhile, in bytes. */
  readonly takingBytesMax: number;
  readonly drainingBytesMax: number;
}

/** However long the line at the function server is: nothing is to be tried again. */
const patience = "1 min";

/**
 * Messages wait for a function server that is dead, many more than fit into the memory of the node;
 * then it comes back, and they are worked off.
 *
 * @throws Error when the node ends by itself.
 */
export async function runBacklogTrial(options: BacklogTrialOptions): Promise<BacklogReport> {
  const { directory, messages, addresses, textBytes = 0, words = [] } = options;
  const { onProgress, signal } = options;
  const ledger = new Ledger(directory, { words, target: "line", timeout: patience });
  signal?.addEventListener("abort", () => void ledger.stop());
  const records = { count: messages, addresses, amount: 0, textBytes };
  await writeRecords(ledger.inputPath, records);
  // It has an address then, and nobody there.
  await ledger.server.start();
  await ledger.server.kill();
  const startedAt = performance.now();
  const memory = new MemoryWatch(ledger.startNode().pid ?? 0);
  try {
    await ledger.untilStatus((status) => {
      onProgress?.("taken", waiting(status));
      return (
        waiting(status) === messages && status.ingresses.every(({ state }) => state === "done")
      );
    });
    const takenAt = performance.now();
    const takingBytesMax = memory.takeMax();
    await ledger.server.start();
    await ledger.settled((status) => onProgress?.("done", messages - waiting(status)));
    return {
      messages,
      addresses,
      takingSeconds: (takenAt - startedAt) / 1000,
      takingBytesMax,
      drainingSeconds: (performance.now() - takenAt) / 1000,
      drainingBytesMax: memory.takeMax(),
      ...(await compareLines(ledger.outputPath, records)),
    };
  } finally {
    memory.close();
    await ledger.stop();
  }
}

function waiting({ functions }: InspectResponse): number {
  return functions.reduce((sum, { messagesWaiting }) => sum + messagesWaiting, 0);
}
