import { parentPort, workerData } from "node:worker_threads";
import type { FoldReport } from "./fold.js";
import { foldInto, NetEffect } from "./fold.js";
import type { StoreErrorCode } from "./store-error.js";
import { StoreError } from "./store-error.js";
import { openTables } from "./tables.js";

/** What the store asks of the fold thread. */
export interface FoldRequest {
  /** Epoch that the tables hold. */
  readonly fromEpoch: number;
  readonly toEpoch: number;
  /** Segment files that hold the epochs between, oldest first. */
  readonly paths: readonly string[];
}

export type FoldReply =
  | { readonly kind: "folded"; readonly report: FoldReport }
  | { readonly kind: "failed"; readonly code: StoreErrorCode; readonly message: string };

const tables = openTables((workerData as { readonly directory: string }).directory);

parentPort?.on("message", (request: FoldRequest) => {
  parentPort?.postMessage(fold(request));
});

function fold(request: FoldRequest): FoldReply {
  try {
    const net = new NetEffect(request.fromEpoch);
    for (const path of request.paths) net.addSegment(path, request.toEpoch);
    if (net.epoch !== request.toEpoch) {
      throw new StoreError(
        "JOURNAL_CORRUPT",
        `the journal ends at epoch ${net.epoch}, before epoch ${request.toEpoch}`,
      );
    }
    return { kind: "folded", report: foldInto(tables, net) };
  } catch (error) {
    // The class of an error does not survive the way to another thread.
    const code = error instanceof StoreError ? error.code : "WRITE_FAILED";
    const message = `cannot fold up to epoch ${request.toEpoch}: ${(error as Error).message}`;
    return { kind: "failed", code, message };
  }
}
