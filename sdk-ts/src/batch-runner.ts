import type { Context } from "./context.js";
import { type BatchHost, InputContext } from "./input-context.js";
import type { RegisteredFunction } from "./registered-function.js";
import type { Batch } from "./session/batch.js";

/** Who gives batches to {@link runBatch}. */
export interface BatchRunner extends BatchHost {
  /** The batch has its result. It is called once per batch that was not given up meanwhile. */
  finished(batch: Batch): void;
  /** A handler threw, or a message did not decode. The batch carries the failure. */
  failed(batch: Batch, error: unknown): void;
}

/**
 * Runs the inputs of a batch one after the other. Handlers that return no promise run here and now,
 * so a batch of them is finished when this returns; after one that does, the rest runs later.
 */
export function runBatch(registered: RegisteredFunction, batch: Batch, runner: BatchRunner): void {
  for (let input = batch.input; input !== undefined; input = batch.input) {
    let pending: PromiseLike<unknown> | undefined;
    try {
      const message = registered.decode(input.typename, input.value);
      const context: Context = new InputContext(registered, batch, runner, input);
      const returned: unknown = registered.handle(context, message);
      pending = isThenable(returned) ? returned : undefined;
    } catch (error) {
      fail(batch, error, runner);
      return;
    }
    if (pending !== undefined) {
      resumeAfter(pending, { registered, batch, runner });
      return;
    }
    batch.completeInput();
  }
  runner.finished(batch);
}

interface Run {
  readonly registered: RegisteredFunction;
  readonly batch: Batch;
  readonly runner: BatchRunner;
}

function resumeAfter(pending: PromiseLike<unknown>, run: Run): void {
  const { registered, batch, runner } = run;
  const { position } = batch;
  // While the handler waited its batch may have timed out, or been given up.
  const stillRuns = () => batch.input !== undefined && batch.position === position;
  pending.then(
    () => {
      if (stillRuns()) {
        batch.completeInput();
        runBatch(registered, batch, runner);
      }
    },
    (error: unknown) => {
      if (stillRuns()) {
        fail(batch, error, runner);
      }
    },
  );
}

function fail(batch: Batch, error: unknown, runner: BatchRunner): void {
  batch.failInput(error);
  runner.failed(batch, error);
  runner.finished(batch);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
