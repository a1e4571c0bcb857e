import { parentPort, workerData } from "node:worker_threads";
import { collectGarbage } from "./collect-garbage.js";
import { DeltaWriter } from "./delta-file.js";
import type { SweepReport } from "./expiry-index.js";
import { sweepExpired } from "./expiry-index.js";
import type { FoldReport } from "./fold.js";
import { foldInto } from "./fold.js";
import type { FoldRequest } from "./fold-request.js";
import { FoldBuffer, readNetEffect } from "./fold-request.js";
import type { StoreErrorCode } from "./store-error.js";
import { StoreError } from "./store-error.js";
import { systemDisk } from "./system-disk.js";
import { stampTables } from "./table-stamp.js";
import { openTables } from "./tables.js";

/** What the store asks of the thread. */
export type TableRequest =
  | ({ readonly kind: "fold" } & FoldRequest)
  | SweepRequest
  | { readonly kind: "collect" };

export interface SweepRequest {
  readonly kind: "sweep";
  /** As FoldOptions.expiredMs. */
  readonly expiredMs: number;
}

/** What the thread says: the outcome of every request. */
export type TableReply =
  | { readonly kind: "folded"; readonly report: FoldReport }
  | { readonly kind: "swept"; readonly report: SweepReport }
  | { readonly kind: "failed"; readonly code: StoreErrorCode; readonly message: string };

export interface FoldThreadData {
  readonly directory: string;
  /** One number: 1 while the thread is inside LMDB, else 0. */
  readonly busy: Int32Array;
}

const { directory, busy } = workerData as FoldThreadData;
const buffer = new FoldBuffer();
const tables = whileBusy(() => openTables(directory));

parentPort?.on("message", (request: TableRequest) => {
  if (request.kind === "collect") collect();
  else {
    const reply = whileBusy(() => answer(request));
    parentPort?.postMessage(reply);
    if (reply.kind === "folded" && (buffer.isLarge || changesOf(reply.report) > manyChanges))
      collectGarbage();
  }
});

function changesOf({ puts, deletes }: FoldReport): number {
  return puts + deletes;
}

function collect(): void {
  buffer.release();
  collectGarbage();
}

/** Above this many changes a fold's memory is given back at once: the engine looks for it late. */
const manyChanges = 16_384;

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

function answer(request: Exclude<TableRequest, { kind: "collect" }>): TableReply {
  const reply = request.kind === "fold" ? fold(request) : sweep(request);
  if (reply.kind !== "failed") stampTables(directory, { isSettled: true });
  return reply;
}

function fold(request: FoldRequest): TableReply {
  try {
    const net = readNetEffect(systemDisk, request, buffer);
    const { fromEpoch, toEpoch, expiredMs, deltas } = request;
    const copy =
      deltas === null ? undefined : new DeltaWriter(deltas, fromEpoch, toEpoch, buffer.takeCopy());
    return { kind: "folded", report: foldInto(tables, net, { expiredMs, copy }) };
  } catch (error) {
    return failed(`cannot fold up to epoch ${request.toEpoch}`, error);
  }
}

function sweep({ expiredMs }: SweepRequest): TableReply {
  try {
    return { kind: "swept", report: sweepExpired(tables, expiredMs) };
  } catch (error) {
    return failed("cannot remove expired rows", error);
  }
}

/** The class of an error does not survive the way to another thread. */
function failed(what: string, error: unknown): TableReply {
  const code = error instanceof StoreError ? error.code : "WRITE_FAILED";
  return { kind: "failed", code, message: `${what}: ${(error as Error).message}` };
}
