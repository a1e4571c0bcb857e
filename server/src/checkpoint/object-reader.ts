import { Worker } from "node:worker_threads";
import type { CheckpointErrorCode } from "./checkpoint-error.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { StoredObject } from "./manifest.js";
import type { ObjectReaderData, ObjectReaderReply } from "./object-reader-worker.js";
import type { ObjectStoreErrorCode } from "./objectstore/object-store.js";
import { ObjectStoreError } from "./objectstore/object-store.js";

interface Waiting {
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that fetches objects, checks and decompresses them, so that a restore's own thread has
 * nothing to do but to fill the tables.
 */
export class ObjectReader {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onRetry: (reason: string) => void;
  #asked = 0;

  constructor(data: ObjectReaderData, onRetry: (reason: string) => void) {
    this.#onRetry = onRetry;
    const url = new URL("./object-reader-worker.js", import.meta.url);
    this.#worker = new Worker(url, { workerData: data });
    this.#worker.on("message", (reply: ObjectReaderReply) => this.#take(reply));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread that reads objects has ended")));
  }

  /** As readObject(). The bytes belong to the caller. @throws CheckpointError; ObjectStoreError */
  read(object: StoredObject): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const id = this.#asked++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, object });
    });
  }

  /** Gives up what it is reading. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(reply: ObjectReaderReply): void {
    if (reply.kind === "retrying") {
      this.#onRetry(reply.message);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "failed") {
      waiting?.reject(errorOf(reply.error));
      return;
    }
    const { buffer, byteOffset, byteLength } = reply.bytes;
    waiting?.resolve(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function errorOf({ name, code, message }: { name: string; code: string; message: string }): Error {
  if (name === "CheckpointError") return new CheckpointError(code as CheckpointErrorCode, message);
  if (name === "ObjectStoreError")
    return new ObjectStoreError(code as ObjectStoreErrorCode, message);
  return new Error(message);
}
