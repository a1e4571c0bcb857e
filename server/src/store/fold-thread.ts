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

  constructor(directory: string) {
    this.#worker = new Worker(new URL("./fold-worker.js", import.meta.url), {
      workerData: { directory },
    });
    this.#worker.on("message", (reply: FoldReply) => this.#settle(reply));
    this.#worker.on("error", ({ message }) => {
      this.#settle({ kind: "failed", code: "WRITE_FAILED", message });
    });
    this.#worker.on("exit", () => {
      const message = "the fold thread has ended";
      this.#settle({ kind: "failed", code: "WRITE_FAILED", message });
    });
    this.#worker.unref();
  }

  /** @throws StoreError what the fold or the thread has failed with. */
  fold(request: FoldRequest): Promise<FoldReport> {
    // A process that stops waits for the fold under way, perhaps for nothing else.
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
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
