import type { Failure } from "./effect.js";
import { FieldReader, FieldWriter } from "./fields.js";
import type { Shard } from "./shard.js";
import { isExpired } from "./state.js";
import { keyedTable } from "./state-table.js";
import type { TypedValue } from "./typed-value.js";

/** What is known of an idempotency key. */
export type KeyOutcome =
  /** A send: there is no reply to wait for. */
  | { readonly kind: "sent" }
  /** A call has not run yet. */
  | { readonly kind: "accepted" }
  /** A call has run; null: it did not reply. */
  | { readonly kind: "replied"; readonly value: TypedValue | null }
  /** A call's message is gone without a result. */
  | { readonly kind: "failed"; readonly failure: Failure };

/** Undefined: the key is new, or its retention is over. */
export function readKey(shard: Shard, key: string): KeyOutcome | undefined {
  const row = shard.overlay.read(keyedTable.dedup, key);
  if (row === undefined || row.value === null) return undefined;
  if (isExpired(row.expiresAtMs, shard.nowMs)) return undefined;
  const fields = new FieldReader(row.value);
  const tag = fields.number();
  if (tag === 0) return { kind: "accepted" };
  if (tag === 1) return { kind: "replied", value: null };
  if (tag === 4) return { kind: "sent" };
  if (tag === 5) {
    return { kind: "failed", failure: { code: fields.text(), message: fields.text() } };
  }
  const typename = fields.text();
  return { kind: "replied", value: { typename, value: tag === 2 ? null : fields.bytes() } };
}

/** Remembers the key for the retention from now on. */
export function writeKey(shard: Shard, key: string, outcome: KeyOutcome): void {
  const expiresAtMs = shard.nowMs + shard.options.limits.idempotencyRetentionMs;
  shard.overlay.write(keyedTable.dedup, key, encodeOutcome(outcome), expiresAtMs);
}

/** The key's rows changed in an epoch that is not durable yet. */
export function isKeyPending(shard: Shard, key: string): boolean {
  return shard.overlay.epochOf(keyedTable.dedup, key) > shard.committedEpoch;
}

/** The highest sequence accepted from a source; 0: none. */
export function readPosition(shard: Shard, source: string): number {
  const row = shard.overlay.read(keyedTable.position, source);
  if (row === undefined || row.value === null) return 0;
  return new FieldReader(row.value).number();
}

export function writePosition(shard: Shard, source: string, sequence: number): void {
  const value = new FieldWriter().number(sequence).finish();
  shard.overlay.write(keyedTable.position, source, value, 0);
}

/** The source's position changed in an epoch that is not durable yet. */
export function isPositionPending(shard: Shard, source: string): boolean {
  return shard.overlay.epochOf(keyedTable.position, source) > shard.committedEpoch;
}

function encodeOutcome(outcome: KeyOutcome): Uint8Array {
  const fields = new FieldWriter();
  if (outcome.kind === "accepted") return fields.number(0).finish();
  if (outcome.kind === "sent") return fields.number(4).finish();
  if (outcome.kind === "failed") {
    const { code, message } = outcome.failure;
    return fields.number(5).text(code).text(message).finish();
  }
  if (outcome.value === null) return fields.number(1).finish();
  const { typename, value } = outcome.value;
  fields.number(value === null ? 2 : 3).text(typename);
  return (value === null ? fields : fields.bytes(value)).finish();
}
