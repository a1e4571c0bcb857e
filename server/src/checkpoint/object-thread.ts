import { Worker } from "node:worker_threads";
import type { TableName } from "../codec/table-layout.js";
import type { TableBlock } from "../store/table-block.js";
import type { CheckpointErrorCode } from "./checkpoint-error.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { StoredObject } from "./manifest.js";
import type { ObjectReply, ObjectRequest, ObjectThreadData } from "./object-worker.js";
import type { ObjectStoreErrorCode } from "./objectstore/object-store.js";
import { ObjectStoreError } from "./objectstore/object-store.js";
import type { NewObject } from "./write-object.js";

type Kind = Exclude<ObjectRequest["kind"], "release">;
type RequestOf<K extends Kind> = Omit<Extract<ObjectRequest, { kind: K }>, "kind" | "id">;
type AnswerTo<K extends Kind> = Extract<ObjectReply, { kind: K }>;

interface Waiting {
  readonly resolve: (answer: AnswerTo<Kind>) => void;
  readonly reject: (error: Error) => void;
}

/** What is large is outside of the heap: room for what dies young would stay empty. */
const youngMb = 4;

/**
 * A thread that reaches the store, so that a checkpoint's own thread has nothing to do but to read
 * the tables, and a restore's to fill them. It fetches objects, checks and decompresses them; or it
 * compresses objects and puts them.
 */
export class ObjectThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onRetry: (reason: string) => void;
  #asked = 0;
  #ended: Error | null = null;

  constructor(data: ObjectThreadData, onRetry: (reason: string) => void) {
    this.#onRetry = onRetry;
    const url = new URL("./object-worker.js", import.meta.url);
    this.#worker = new Worker(url, {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    });
    this.#worker.on("message", (reply: ObjectReply) => this.#take(reply));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread of objects has ended")));
  }

  /** As readObject(). The bytes belong to the caller. @throws CheckpointError; ObjectStoreError */
  async read(object: StoredObject): Promise<Buffer> {
    return bufferOf((await this.#ask("read", { object })).bytes);
  }

  /** As packBlock() of readObject(). @throws CheckpointError; ObjectStoreError */
  async pack(object: StoredObject, tables: readonly TableName[]): Promise<TableBlock> {
    const { bytes, places } = await this.#ask("pack", { object, tables });
    return { bytes: bufferOf(bytes), places };
  }

  /** The block of pack() will not be read any more: its memory serves a later one. */
  release({ bytes }: TableBlock): void {
    const request: ObjectRequest = { kind: "release", bytes };
    this.#worker.postMessage(request, [bytes.buffer as ArrayBuffer]);
  }

  /**
   * As writeObject(). Bytes in shared memory are not copied: they stay as they are until it has
   * resolved. @throws ObjectStoreError
   */
  async write(object: NewObject, raw: Buffer): Promise<StoredObject> {
    return (await this.#ask("write", { object, raw })).object;
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask<K extends Kind>(kind: K, request: RequestOf<K>): Promise<AnswerTo<K>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      const id = this.#asked++;
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      this.#worker.postMessage({ kind, id, ...request });
    });
  }

  #take(reply: ObjectReply): void {
    if (reply.kind === "retrying") {
      this.#onRetry(reply.message);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "failed") waiting?.reject(errorOf(reply.error));
    else waiting?.resolve(reply);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function errorOf({ name, code, message }: { name: string; code: string; message: string }): Error {
  if (name === "CheckpointError") return new CheckpointError(code as CheckpointErrorCode, message);
  if (name === "ObjectStoreError")
    return new ObjectStoreError(code as ObjectStoreErrorCode, message);
  return new Error(message);
}
