import { parentPort, workerData } from "node:worker_threads";
import { CheckpointError } from "./checkpoint-error.js";
import { Lineage } from "./lineage.js";
import type { StoredObject } from "./manifest.js";
import { ObjectStoreError } from "./objectstore/object-store.js";
import type { StoreAccess } from "./objectstore/open-store.js";
import { openObjectStore } from "./objectstore/open-store.js";
import { retryingStore } from "./objectstore/retrying-store.js";
import { readObject } from "./run-source.js";

export interface ObjectReaderData {
  readonly storeUrl: string;
  readonly access: StoreAccess;
  readonly retry: {
    readonly patienceMs: number;
    readonly backoffMsMin: number;
    readonly backoffMsMax: number;
  };
  readonly lineage: string;
}

/** What the thread says of a request: retries, then one of the others. */
export type ObjectReaderReply =
  | { readonly kind: "retrying"; readonly message: string }
  | { readonly kind: "read"; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly kind: "failed";
      readonly id: number;
      /** The class of an error does not survive the way to another thread. */
      readonly error: { readonly name: string; readonly code: string; readonly message: string };
    };

/** Shorter bytes may lie in memory that others share, which cannot be handed over. */
const sharedBytesMax = 64 * 1024;

const data = workerData as ObjectReaderData;
const store = retryingStore(openObjectStore(data.storeUrl, data.access), {
  ...data.retry,
  random: Math.random,
  onRetry: ({ message }) => say({ kind: "retrying", message }),
  signal: new AbortController().signal,
});
const lineage = new Lineage(store, data.lineage);

parentPort?.on("message", ({ id, object }: { id: number; object: StoredObject }) => {
  readObject(lineage, object).then(
    (raw) => hand(id, raw.length > sharedBytesMax ? raw : Uint8Array.from(raw)),
    (error: unknown) => say({ kind: "failed", id, error: describe(error) }),
  );
});

/** The bytes are the other thread's from here on. */
function hand(id: number, bytes: Uint8Array): void {
  const reply: ObjectReaderReply = { kind: "read", id, bytes };
  parentPort?.postMessage(reply, [bytes.buffer as ArrayBuffer]);
}

function describe(error: unknown): { name: string; code: string; message: string } {
  const { name, message, stack } = error as Error;
  const isKnown = error instanceof CheckpointError || error instanceof ObjectStoreError;
  if (isKnown) return { name, code: error.code, message };
  return { name, code: "", message: stack ?? message };
}

function say(reply: ObjectReaderReply): void {
  parentPort?.postMessage(reply);
}
