import { Worker } from "node:worker_threads";
import type { SweepReport } from "./expiry-index.js";
import type { FoldReport } from "./fold.js";
import type { FoldRequest } from "./fold-request.js";
import type { FoldThreadData, TableReply, TableRequest } from "./fold-worker.js";
import { StoreError } from "./store-error.js";

/** How long a process that exits waits for the thread, in milliseconds: longer than any fold. */
const exitWaitMs = 30_000;

/** What a fold makes lives as long as the fold: room for what dies young would stay empty. */
const youngMb = 4;

type Report = FoldReport | SweepReport;

/**
 * The thread that writes the tables: it folds, and sweeps. One request at a time; it opens the tables
 * itself, so that its transaction and its sync cost the loop nothing. It begins with the first request,
 * so that a node starts sooner.
 *
 * A thread that is ended inside LMDB never ends, or ends the process with an abort. So close() waits
 * for it, and so does an exit of the process that did not close it.
 */
export class FoldThread {
  readonly #directory: string;
  readonly #busy = new Int32Array(new SharedArrayBuffer(4));
  /** Null: nothing was asked yet. */
  #worker: Worker | null = null;
  #waiting: {
    readonly resolve: (report: Report) => void;
    readonly reject: (error: unknown) => void;
  } | null = null;
  #ended: StoreError | null = null;
  /** Resolves when nothing is under way. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws StoreError what the fold or the thread has failed with. */
  fold(request: FoldRequest): Promise<FoldReport> {
    return this.#ask({ kind: "fold", ...request }) as Promise<FoldReport>;
  }

  /** @throws StoreError what the sweep or the thread has failed with. */
  sweep(expiredMs: number): Promise<SweepReport> {
    return this.#ask({ kind: "sweep", expiredMs }) as Promise<SweepReport>;
  }

  /** Gives memory back that the last folds have used. Nobody waits for it. */
  collect(): void {
    if (this.#ended === null) this.#worker?.postMessage({ kind: "collect" } satisfies TableRequest);
  }

  /** Lets what is under way end. */
  async close(): Promise<void> {
    this.#worker?.ref();
    await this.#idle;
    await this.#worker?.terminate();
    this.#end("the fold thread is closed");
    process.off("exit", this.#awaitExit);
  }

  #begin(): Worker {
    const workerData: FoldThreadData = { directory: this.#directory, busy: this.#busy };
    const worker = new Worker(new URL("./fold-worker.js", import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: youngMb },
    });
    worker.on("message", (reply: TableReply) => this.#settle(reply));
    worker.on("error", ({ message }) => this.#end(message));
    worker.on("exit", () => this.#end("the fold thread has ended"));
    process.on("exit", this.#awaitExit);
    return worker;
  }

  readonly #awaitExit = (): void => {
    Atomics.wait(this.#busy, 0, 1, exitWaitMs);
  };

  /** What is asked while something else is under way waits for its end. */
  #ask(request: TableRequest): Promise<Report> {
    const answer = this.#idle.then(() => this.#post(request));
    this.#idle = answer.catch(() => undefined);
    return answer;
  }

  #post(request: TableRequest): Promise<Report> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    this.#worker ??= this.#begin();
    const worker = this.#worker;
    // A process that stops waits for what is under way, perhaps for nothing else.
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      worker.postMessage(request);
    });
  }

  /** Nothing will be folded any more, by a fault that may come before anybody asks. */
  #end(message: string): void {
    this.#ended ??= new StoreError("WRITE_FAILED", message);
    this.#settle({ kind: "failed", code: "WRITE_FAILED", message });
  }

  #settle(reply: TableReply): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    this.#worker?.unref();
    if (reply.kind === "failed") waiting.reject(new StoreError(reply.code, reply.message));
    else waiting.resolve(reply.report);
  }
}
