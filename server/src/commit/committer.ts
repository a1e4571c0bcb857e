import { RecordEncoder } from "../codec/record-codec.js";
import type { ChangeSet } from "../core/change-set.js";
import { changeCount } from "../core/change-set.js";
import type { Store } from "../store/store.js";

/** What one commit was, for metrics. */
export interface CommitReport {
  readonly epoch: number;
  readonly changes: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/** Makes sealed epochs durable, one at a time, in order. */
export class Committer {
  readonly #store: Store;
  readonly #encoder = new RecordEncoder();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Encodes the change set before it returns, so that the core may go on; resolves when the epoch is
   * durable.
   *
   * @throws StoreError WRITE_FAILED: the node must stop; what is on disk is the last durable epoch.
   */
  async commit(changes: ChangeSet): Promise<CommitReport> {
    const startedAt = performance.now();
    const record = this.#encoder.encode(changes);
    const bytes = record.length;
    await this.#store.append(record, changes.epoch);
    const durationMs = performance.now() - startedAt;
    return { epoch: changes.epoch, changes: changeCount(changes), bytes, durationMs };
  }
}
