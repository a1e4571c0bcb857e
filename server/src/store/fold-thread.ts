import { Worker } from "node:worker_threads";
import type { FoldReport } from "./fold.js";
import type { FoldReply, FoldRequest } from "./fold-worker.js";
import { StoreError } from "./store-error.js";

/**
 * The thread that folds. One request at a time; it opens the tables itself, so that its transaction
 * and its sync cost the loop nothing.
 */
export class FoldThread {
  readonly #worker: Worker;
  #waiting: {
    readonly resolve: (report: FoldReport) => void;
    readonly reject: (error: unknown) => void;
  } | null = null;
  #ended: StoreError | null = null;
  /** Resolves when nothing is being folded. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#worker = new Worker(new URL("./fold-worker.js", import.meta.url), {
      workerData: { directory },
    });
    this.#worker.on("message", (reply: FoldReply) => this.#settle(reply));
    this.#worker.on("error", ({ message }) => this.#end(message));
    this.#worker.on("exit", () => this.#end("the fold thread has ended"));
    this.#worker.unref();
  }

  /** @throws StoreError what the fold or the thread has failed with. */
  fold(request: FoldRequest): Promise<FoldReport> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    // A process that stops waits for the fold under way, perhaps for nothing else.
    this.#worker.ref();
    const folding = new Promise<FoldReport>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(request);
    });
    this.#idle = folding.catch(() => undefined);
    return folding;
  }

  /** Lets the fold under way end: a thread that is terminated inside LMDB never ends. */
  async close(): Promise<void> {
    await this.#idle;
    await this.#worker.terminate();
  }

  /** Nothing will be folded any more, by a fault that may come before anybody asks. */
  #end(message: string): void {
    this.#ended ??= new StoreError("WRITE_FAILED", message);
    this.#settle({ kind: "failed", code: "WRITE_FAILED", message });
  }

  #settle(reply: FoldReply): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    this.#worker.unref();
    if (reply.kind === "folded") waiting.resolve(reply.report);
    else waiting.reject(new StoreError(reply.code, reply.message));
  }
}
