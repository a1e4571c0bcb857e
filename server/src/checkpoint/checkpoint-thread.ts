import { Worker } from "node:worker_threads";
import type {
  CheckpointCommand,
  CheckpointReply,
  CheckpointThreadData,
} from "./checkpoint-worker.js";
import type { WriteReport, WriteRequest } from "./checkpoint-writer.js";

/** A checkpoint was not written, for the reason that the code names. */
export class WriteFailedError extends Error {
  override readonly name = "WriteFailedError";
  /** Of CheckpointError, ObjectStoreError or StoreError; "BUG": none of them. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** How long a process that exits waits for the thread to leave LMDB, in milliseconds. */
const exitWaitMs = 10_000;

/** It streams what it reads: room for what dies young would stay empty. */
const youngMb = 4;

/**
 * The thread that writes checkpoints: reading the tables, compressing, hashing and sending cost the
 * loop nothing. One request at a time; it begins with the first one, so that a node starts sooner.
 */
export class CheckpointThread {
  readonly #data: CheckpointThreadData;
  readonly #flags = new Int32Array(new SharedArrayBuffer(8));
  readonly #onRetry: (message: string) => void;
  /** Null: nothing was written yet. */
  #worker: Worker | null = null;
  #exited: Promise<void> = Promise.resolve();
  #onSnapshot: () => void = () => undefined;
  #settle: (reply: Extract<CheckpointReply, { kind: "written" | "failed" }>) => void = () =>
    undefined;
  #ended: string | null = null;

  constructor(data: Omit<CheckpointThreadData, "flags">, onRetry: (message: string) => void) {
    this.#data = { ...data, flags: this.#flags };
    this.#onRetry = onRetry;
  }

  /**
   * @param onSnapshot - Called once, when folds may go on.
   * @throws WriteFailedError
   */
  write(request: WriteRequest, onSnapshot: () => void): Promise<WriteReport> {
    return new Promise((resolve, reject) => {
      let isHeld = true;
      this.#onSnapshot = () => {
        if (isHeld) onSnapshot();
        isHeld = false;
      };
      this.#settle = (reply) => {
        this.#settle = () => undefined;
        this.#onSnapshot();
        if (reply.kind === "written") resolve(reply.report);
        else reject(new WriteFailedError(reply.code, reply.message));
      };
      if (this.#ended !== null) this.#end(this.#ended);
      else this.#tell({ kind: "write", request });
    });
  }

  /** Gives up what it is writing. */
  async close(): Promise<void> {
    if (this.#worker === null) return this.#end("the checkpoint thread is closed");
    this.#worker.ref();
    Atomics.store(this.#flags, 1, 1);
    this.#tell({ kind: "stop" });
    await this.#exited;
    process.off("exit", this.#awaitExit);
  }

  #tell(command: CheckpointCommand): void {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(command);
  }

  #begin(): Worker {
    const worker = new Worker(new URL("./checkpoint-worker.js", import.meta.url), {
      workerData: this.#data,
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    });
    worker.on("message", (reply: CheckpointReply) => this.#take(reply));
    worker.on("error", (error) => this.#end(String(error.stack)));
    this.#exited = new Promise((resolve) => {
      worker.once("exit", () => {
        this.#end("the checkpoint thread has ended");
        resolve();
      });
    });
    worker.unref();
    process.on("exit", this.#awaitExit);
    return worker;
  }

  readonly #awaitExit = (): void => {
    Atomics.store(this.#flags, 1, 1);
    Atomics.wait(this.#flags, 0, 1, exitWaitMs);
  };

  #take(reply: CheckpointReply): void {
    if (reply.kind === "retrying") this.#onRetry(reply.message);
    else if (reply.kind === "snapshot") this.#onSnapshot();
    else this.#settle(reply);
  }

  #end(message: string): void {
    this.#ended ??= message;
    this.#settle({ kind: "failed", code: "BUG", message: this.#ended });
  }
}
