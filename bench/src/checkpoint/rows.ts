import { randomBytes } from "node:crypto";
import { TableLoader } from "statewire/dist/src/store/table-loader.js";

/** The state that is checkpointed: rows of random bytes, which no compression could gain on. */

/** The first state table of an application. */
export const stateTable = 16;
export const valueBytes = 1000;
const keyBytes = 4 + 12;
/** Of the journal. */
export const segmentBytes = 16 * 1024 * 1024;

/** Larger than an object, so that none has the same bytes twice. */
const pool = randomBytes(16 * 1024 * 1024);

/** Random bytes without memory of their own: what is measured is no garbage of the benchmark's. */
export class RandomValues {
  #from = 0;

  next(bytes: number): Buffer {
    this.#from = (this.#from + bytes + 7) % (pool.length - bytes);
    return pool.subarray(this.#from, this.#from + bytes);
  }
}

export function nameOf(at: number): string {
  return String(at).padStart(keyBytes - 4, "0");
}

/** A key of the table of rows. */
export function keyOf(at: number): Buffer {
  const key = Buffer.alloc(keyBytes);
  key.writeUInt32BE(stateTable, 0);
  key.write(nameOf(at), 4, "latin1");
  return key;
}

/** A data directory with `entries` rows. */
export async function fillDataDirectory(options: {
  readonly directory: string;
  readonly entries: number;
}): Promise<void> {
  const loader = new TableLoader(options.directory);
  const neverExpires = Buffer.alloc(1);
  for (let at = 0; at < options.entries; at++) {
    const value = Buffer.concat([neverExpires, randomBytes(valueBytes)]);
    loader.put({ table: "rows", key: keyOf(at), value });
  }
  await loader.finish(1, segmentBytes);
}
