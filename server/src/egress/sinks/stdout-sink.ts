import type { OutboxRecord } from "../../core/outbox.js";
import type { StdoutEgressSpec } from "../../module/module.js";
import { encodeRecords } from "../record-text.js";
import type { Sink } from "../sink.js";

/**
 * Prints records, at least once: a record that was printed just before a crash is printed again.
 * A reader that is gone is an error that the node ends on, as of any filter in a pipeline.
 */
export function createStdoutSink(
  spec: StdoutEgressSpec,
  output: NodeJS.WritableStream = process.stdout,
): Sink {
  return {
    open: () => Promise.resolve(),
    write: async (records) => {
      await print(output, encodeRecords(records, spec.format));
      return lastSequence(records);
    },
    close: () => Promise.resolve(),
  };
}

function lastSequence(records: readonly OutboxRecord[]): number {
  return records.at(-1)?.sequence ?? 0;
}

function print(output: NodeJS.WritableStream, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    output.once("error", reject);
    output.write(bytes, (error) => {
      output.removeListener("error", reject);
      if (error) reject(new Error("standard output is closed", { cause: error }));
      else resolve();
    });
  });
}
