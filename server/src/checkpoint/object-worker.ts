import { parentPort, workerData } from "node:worker_threads";
import type { TableName } from "../codec/table-layout.js";
import { collectGarbage } from "../store/collect-garbage.js";
import { packBlock } from "../store/table-block.js";
import { runInBackground } from "./background.js";
import { CheckpointError } from "./checkpoint-error.js";
import { Lineage } from "./lineage.js";
import type { StoredObject } from "./manifest.js";
import { ObjectStoreError } from "./objectstore/object-store.js";
import type { StoreAccess } from "./objectstore/open-store.js";
import { openObjectStore } from "./objectstore/open-store.js";
import { retryingStore } from "./objectstore/retrying-store.js";
import { readObject } from "./run-source.js";
import type { NewObject } from "./write-object.js";
import { writeObject } from "./write-object.js";

export interface ObjectThreadData {
  readonly storeUrl: string;
  readonly access: StoreAccess;
  readonly retry: {
    readonly patienceMs: number;
    readonly backoffMsMin: number;
    readonly backoffMsMax: number;
  };
  readonly lineage: string;
  /** Beside a loop, which goes first. */
  readonly isBackground: boolean;
}

export type ObjectRequest =
  | { readonly kind: "read"; readonly id: number; readonly object: StoredObject }
  | {
      readonly kind: "pack";
      readonly id: number;
      readonly object: StoredObject;
      readonly tables: readonly TableName[];
    }
  | {
      readonly kind: "write";
      readonly id: number;
      readonly object: NewObject;
      readonly raw: Uint8Array;
    }
  /** Has no answer. */
  | { readonly kind: "release"; readonly bytes: Uint8Array };

/** What the thread says of a request: retries, then one of the others. */
export type ObjectReply =
  | { readonly kind: "retrying"; readonly message: string }
  | { readonly kind: "read"; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly kind: "pack";
      readonly id: number;
      readonly bytes: Uint8Array;
      readonly places: Int32Array;
    }
  | { readonly kind: "write"; readonly id: number; readonly object: StoredObject }
  | {
      readonly kind: "failed";
      readonly id: number;
      /** The class of an error does not survive the way to another thread. */
      readonly error: { readonly name: string; readonly code: string; readonly message: string };
    };

/** Shorter bytes may lie in memory that others share, which cannot be handed over. */
const sharedBytesMax = 64 * 1024;

const data = workerData as ObjectThreadData;
if (data.isBackground) runInBackground();
const store = retryingStore(openObjectStore(data.storeUrl, data.access), {
  ...data.retry,
  random: Math.random,
  onRetry: ({ message }) => say({ kind: "retrying", message }),
  signal: new AbortController().signal,
});
const lineage = new Lineage(store, data.lineage);

/** Compressed objects after which garbage is collected. */
const collectEvery = 4;
let compressed = 0;

/** Of blocks that are released: memory that is always new keeps the collector of garbage busy. */
const free: ArrayBuffer[] = [];

parentPort?.on("message", (request: ObjectRequest) => {
  if (request.kind === "release") {
    free.push(request.bytes.buffer as ArrayBuffer);
    return;
  }
  const { id } = request;
  answer(request).catch((error: unknown) => say({ kind: "failed", id, error: describe(error) }));
});

function answer(request: Exclude<ObjectRequest, { kind: "release" }>): Promise<void> {
  switch (request.kind) {
    case "read":
      return read(request);
    case "pack":
      return pack(request);
    case "write":
      return write(request);
  }
}

/** The bytes are the other thread's from here on. */
async function read({ id, object }: Extract<ObjectRequest, { kind: "read" }>): Promise<void> {
  const raw = await readObject(lineage, object);
  const bytes = raw.length > sharedBytesMax ? raw : Uint8Array.from(raw);
  const reply: ObjectReply = { kind: "read", id, bytes };
  parentPort?.postMessage(reply, [bytes.buffer as ArrayBuffer]);
}

/** As read(). */
async function pack(request: Extract<ObjectRequest, { kind: "pack" }>): Promise<void> {
  const { id, object, tables } = request;
  const { bytes, places } = packBlock(await readObject(lineage, object), tables, allocate);
  const reply: ObjectReply = { kind: "pack", id, bytes, places };
  parentPort?.postMessage(reply, [bytes.buffer as ArrayBuffer, places.buffer as ArrayBuffer]);
}

function allocate(bytes: number): Buffer {
  const released = free.pop();
  if (released === undefined || released.byteLength < bytes) return Buffer.allocUnsafeSlow(bytes);
  return Buffer.from(released);
}

async function write(request: Extract<ObjectRequest, { kind: "write" }>): Promise<void> {
  const { id, raw } = request;
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const object = await writeObject(lineage, request.object, bytes);
  // What was compressed is outside of the heap, where nobody looks for it.
  if (object.encoding !== "none" && ++compressed % collectEvery === 0) collectGarbage();
  say({ kind: "write", id, object });
}

function describe(error: unknown): { name: string; code: string; message: string } {
  const { name, message, stack } = error as Error;
  const isKnown = error instanceof CheckpointError || error instanceof ObjectStoreError;
  if (isKnown) return { name, code: error.code, message };
  return { name, code: "", message: stack ?? message };
}

function say(reply: ObjectReply): void {
  parentPort?.postMessage(reply);
}
