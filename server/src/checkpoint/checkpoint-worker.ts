import { parentPort, workerData } from "node:worker_threads";
import { collectGarbage } from "../store/collect-garbage.js";
import { StoreError } from "../store/store-error.js";
import { runInBackground } from "./background.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { WriteReport, WriteRequest } from "./checkpoint-writer.js";
import { CheckpointWriter } from "./checkpoint-writer.js";
import type { Retention } from "./garbage.js";
import { Lineage } from "./lineage.js";
import { ObjectThread } from "./object-thread.js";
import { ObjectStoreError } from "./objectstore/object-store.js";
import type { StoreAccess } from "./objectstore/open-store.js";
import { openObjectStore } from "./objectstore/open-store.js";
import { retryingStore } from "./objectstore/retrying-store.js";
import type { Takeover } from "./takeover.js";
import { takeOver } from "./takeover.js";

export interface CheckpointThreadData {
  readonly storeUrl: string;
  readonly access: StoreAccess;
  readonly lineage: string;
  readonly dataDirectory: string;
  readonly retention: Retention;
  readonly retry: {
    readonly patienceMs: number;
    readonly backoffMsMin: number;
    readonly backoffMsMax: number;
  };
  /** Null: the store did not answer yet, and the thread takes the lineage over. */
  readonly takeover: Takeover | null;
  /** The first number: 1 while the thread is inside LMDB. The second: 1 when it must stay out. */
  readonly flags: Int32Array;
}

export type CheckpointCommand =
  | { readonly kind: "write"; readonly request: WriteRequest }
  | { readonly kind: "stop" };

/** What the thread says. Of one write: retries, perhaps a snapshot, then one of the last two. */
export type CheckpointReply =
  | { readonly kind: "retrying"; readonly message: string }
  | { readonly kind: "snapshot" }
  | { readonly kind: "written"; readonly report: WriteReport }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** By then nothing refers to what was written any more. */
const collectAfterMs = 100;

const data = workerData as CheckpointThreadData;
const { flags } = data;
const abort = new AbortController();
const store = retryingStore(openObjectStore(data.storeUrl, data.access), {
  ...data.retry,
  random: Math.random,
  onRetry: ({ message }) => say({ kind: "retrying", message }),
  signal: abort.signal,
});
const lineage = new Lineage(store, data.lineage);
runInBackground();
let writer: CheckpointWriter | null = null;
let writing: Promise<void> = Promise.resolve();

parentPort?.on("message", (command: CheckpointCommand) => {
  // Bodies are many and short-lived; with nothing else to do, the engine would not look for them.
  if (command.kind === "write") writing = write(command.request).finally(collectSoon);
  else void stop();
});

function collectSoon(): void {
  setTimeout(collectGarbage, collectAfterMs).unref();
}

async function write(request: WriteRequest): Promise<void> {
  try {
    const opened = writer ?? (await open());
    writer = opened;
    const report = await opened.write(request, () => say({ kind: "snapshot" }));
    say({ kind: "written", report });
  } catch (error) {
    // The class of an error does not survive the way to another thread.
    const isKnown =
      error instanceof CheckpointError ||
      error instanceof ObjectStoreError ||
      error instanceof StoreError;
    const code = isKnown ? error.code : "BUG";
    say({ kind: "failed", code, message: isKnown ? error.message : String(stackOf(error)) });
  }
}

async function open(): Promise<CheckpointWriter> {
  const { dataDirectory, retention } = data;
  const takeover = data.takeover ?? (await takeOver(lineage, dataDirectory));
  return new CheckpointWriter(
    { lineage, dataDirectory, retention, whileReading, openPutter },
    takeover,
  );
}

function openPutter(): ObjectThread {
  const { storeUrl, access, retry, lineage: name } = data;
  const thread = new ObjectThread(
    { storeUrl, access, retry, lineage: name, isBackground: true },
    (message) => say({ kind: "retrying", message }),
  );
  abort.signal.addEventListener("abort", () => void thread.close());
  return thread;
}

/** A thread that is ended inside LMDB never ends, or ends the process with an abort. */
function whileReading<T>(act: () => T): T {
  Atomics.store(flags, 0, 1);
  try {
    if (Atomics.load(flags, 1) === 1) throw new Error("the process ends");
    return act();
  } finally {
    Atomics.store(flags, 0, 0);
    Atomics.notify(flags, 0);
  }
}

async function stop(): Promise<void> {
  abort.abort();
  store.close();
  await writing;
  parentPort?.close();
}

function say(reply: CheckpointReply): void {
  parentPort?.postMessage(reply);
}

function stackOf(error: unknown): unknown {
  return error instanceof Error ? error.stack : error;
}
