import { parentPort, workerData } from "node:worker_threads";
import type { FoldReport, FoldRequest } from "./fold.js";
import { foldInto, readNetEffect } from "./fold.js";
import type { StoreErrorCode } from "./store-error.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";
import { openTables } from "./tables.js";

/** What the thread says: once that it is ready, then the outcome of every fold. */
export type FoldReply =
  | { readonly kind: "ready" }
  | { readonly kind: "folded"; readonly report: FoldReport }
  | { readonly kind: "failed"; readonly code: StoreErrorCode; readonly message: string };

export interface FoldThreadData {
  readonly directory: string;
  /** One number: 1 while the thread is inside LMDB, else 0. */
  readonly busy: Int32Array;
}

const { directory, busy } = workerData as FoldThreadData;
const tables = whileBusy(() => openTables(directory));
parentPort?.postMessage({ kind: "ready" } satisfies FoldReply);

parentPort?.on("message", (request: FoldRequest) => {
  parentPort?.postMessage(whileBusy(() => fold(request)));
});

/** Set here and not by whoever asks: a thread that is still starting cannot be waited for. */
function whileBusy<T>(act: () => T): T {
  Atomics.store(busy, 0, 1);
  try {
    return act();
  } finally {
    Atomics.store(busy, 0, 0);
    Atomics.notify(busy, 0);
  }
}

function fold(request: FoldRequest): FoldReply {
  try {
    const net = readNetEffect(systemDisk, request);
    return { kind: "folded", report: foldInto(tables, net) };
  } catch (error) {
    // The class of an error does not survive the way to another thread.
    const code = error instanceof StoreError ? error.code : "WRITE_FAILED";
    const message = `cannot fold up to epoch ${request.toEpoch}: ${(error as Error).message}`;
    return { kind: "failed", code, message };
  }
}
