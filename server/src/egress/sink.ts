import type { OutboxRecord } from "../core/outbox.js";

/**
 * Where the records of one egress go. The outbox drain calls it from one place, never twice at a
 * time.
 *
 * CALLER: open() once, before anything else; then write() with records in order of sequence,
 * waiting for each promise; close() once. A record may come again after a crash, with the same
 * sequence: everything that was written after the last position that open() was given.
 *
 * CALLEE: when the promise of write() resolves, the records are where they belong, and survive a
 * crash there. A rejection means that the node cannot go on; a failure that can pass is retried
 * inside, until close() is called. A sink that waits for an operator leaves write() pending: its
 * records stay in the outbox, and nobody else is hurt.
 */
export interface Sink {
  /** Records of one write(), at most. Absent: as many as the outbox drain likes. */
  readonly writeRecordsMax?: number;
  /** `position`: what the last acknowledged write() resolved with; 0 for the first. */
  open(acknowledged: { readonly sequence: number; readonly position: number }): Promise<void>;
  /** Resolves with the sink's own measure after these records, for example the file's length. */
  write(records: readonly OutboxRecord[]): Promise<number>;
  /** Stops waiting for anything; a write() that is under way may reject. */
  close(): Promise<void>;
  /** What a write() that is under way waits for. Absent: it never waits for long. */
  status?(): SinkStatus;
}

export interface SinkStatus {
  /** waiting: nobody takes the records. stopped: it waits for an operator. */
  readonly state: "running" | "waiting" | "retrying" | "stopped";
  /** Why it is not running; else empty. */
  readonly reason: string;
}

export const sinkRunning: SinkStatus = { state: "running", reason: "" };
