import type { Binding } from "./binding.js";
import type { InvocationResult } from "./command.js";
import type { Mailbox } from "./mailbox.js";
import { isTokenPending } from "./schedule.js";
import type { Shard } from "./shard.js";

/**
 * What a result asks for and cannot have: for people, with the clause of PROTOCOL.md. Null: nothing.
 * Checked before anything is applied, so that a bad result leaves no trace.
 */
export function findFault(
  shard: Shard,
  binding: Binding,
  mailbox: Mailbox,
  result: InvocationResult,
): string | null {
  return (
    findStateFault(binding, result) ??
    findEgressFault(shard, result) ??
    findTimerFault(shard, mailbox, result) ??
    findInputFault(mailbox, result)
  );
}

function findStateFault(binding: Binding, result: InvocationResult): string | null {
  for (const change of result.stateChanges) {
    if (change.state < binding.states.length) continue;
    return `state index ${change.state} of ${binding.states.length} declared states [STATE-3]`;
  }
  return null;
}

function findEgressFault(shard: Shard, result: InvocationResult): string | null {
  for (const record of result.egressRecords) {
    if (shard.outboxes.has(record.egress)) continue;
    const known = [...shard.outboxes.keys()].sort().join(", ");
    return `unknown egress ${record.egress}; known: ${known || "none"} [EGRESS-1]`;
  }
  return null;
}

function findTimerFault(shard: Shard, mailbox: Mailbox, result: InvocationResult): string | null {
  if (result.timerChanges.length === 0) return null;
  const pending = new Map<string, boolean>();
  for (const change of result.timerChanges) {
    if (change.kind === "cancel") {
      pending.set(change.token, false);
      continue;
    }
    if (change.token === "") continue;
    const isPending = pending.get(change.token) ?? isTokenPending(shard, mailbox.id, change.token);
    if (isPending) return `cancellation token "${change.token}" is still pending [TIMER-3]`;
    pending.set(change.token, true);
  }
  return null;
}

function findInputFault(mailbox: Mailbox, result: InvocationResult): string | null {
  for (const reply of result.replies) {
    if (reply.input < mailbox.batch) continue;
    return `reply to input ${reply.input} of ${mailbox.batch} [REPLY-1]`;
  }
  const completed = result.failure?.completedInputs ?? 0;
  if (completed < mailbox.batch) return null;
  return `failure after ${completed} of ${mailbox.batch} inputs [FAIL-2]`;
}
