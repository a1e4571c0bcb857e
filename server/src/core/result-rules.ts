import type { Binding } from "./binding.js";
import type { Fault, InvocationResult } from "./command.js";
import type { Mailbox } from "./mailbox.js";
import { isTokenPending } from "./schedule.js";
import type { Shard } from "./shard.js";
import { readState } from "./state.js";

/** Values up to this size are not worth counting: a frame has room for thousands. */
const smallStateBytes = 1024;

/**
 * What breaks the protocol itself, so that nothing else of the stream can be trusted. Checked, as
 * everything here, before anything is applied: a bad result leaves no trace.
 */
export function findProtocolFault(
  binding: Binding,
  mailbox: Mailbox,
  result: InvocationResult,
): Fault | null {
  for (const { state } of result.stateChanges) {
    if (state < binding.states.length) continue;
    return fault("STATE-4", `state index ${state} of ${binding.states.length} declared states`);
  }
  const completed = result.failure?.completedInputs ?? mailbox.batch;
  if (result.failure !== null && completed >= mailbox.batch) {
    return fault(
      "FAIL-2",
      `completed_inputs ${completed} of ${mailbox.batch} inputs, with a failure`,
    );
  }
  for (const { input } of result.replies) {
    if (input < completed) continue;
    return fault("REPLY-3", `a reply to input ${input}, with ${completed} inputs completed`);
  }
  if (completed > 0 || hasNoEffects(result)) return null;
  return fault("FAIL-9", "effects of a result with no completed input");
}

/** What a result asks for and cannot have: only its own address suffers. */
export function findRefusal(
  shard: Shard,
  binding: Binding,
  mailbox: Mailbox,
  result: InvocationResult,
): Fault | null {
  return (
    nameState(binding, result.refused) ??
    findStateRefusal(shard, binding, mailbox, result) ??
    findEgressRefusal(shard, result) ??
    findTimerRefusal(shard, mailbox, result)
  );
}

function nameState({ states, type }: Binding, fault: Fault | null): Fault | null {
  if (fault?.state === undefined) return fault;
  const name = states[fault.state]?.table.name ?? fault.state;
  return { clause: fault.clause, message: `state ${name} of ${type.name}: ${fault.message}` };
}

/** The eager states of an address must leave room in a frame. [LIMIT-8] */
function findStateRefusal(
  shard: Shard,
  binding: Binding,
  mailbox: Mailbox,
  result: InvocationResult,
): Fault | null {
  const { eagerStateBytesMax } = shard.options.limits;
  const isLarge = result.stateChanges.some(({ value }) => (value?.length ?? 0) > smallStateBytes);
  // Two values of the largest size fit by LIMIT-9.
  if (!isLarge || binding.eager.length < 3) return null;
  let bytes = 0;
  for (const index of binding.eager) {
    const change = result.stateChanges.find(({ state }) => state === index);
    const value =
      change === undefined ? readState(shard, binding, index, mailbox.id) : change.value;
    bytes += value?.length ?? 0;
  }
  if (bytes <= eagerStateBytesMax) return null;
  const text = `eager states of ${bytes} bytes exceed half of frameBytesMax, ${eagerStateBytesMax}`;
  return fault("LIMIT-8", text);
}

function findEgressRefusal(shard: Shard, result: InvocationResult): Fault | null {
  for (const { egress } of result.egressRecords) {
    if (shard.outboxes.get(egress)?.isDeclared === true) continue;
    const known = [...shard.options.egresses].sort().join(", ");
    return fault("EGRESS-1", `unknown egress ${egress}; known: ${known || "none"}`);
  }
  return null;
}

function findTimerRefusal(shard: Shard, mailbox: Mailbox, result: InvocationResult): Fault | null {
  if (result.timerChanges.length === 0) return null;
  const pending = new Map<string, boolean>();
  for (const change of result.timerChanges) {
    if (change.kind === "cancel") {
      pending.set(change.token, false);
      continue;
    }
    if (change.token === "") continue;
    if (pending.get(change.token) ?? isTokenPending(shard, mailbox.id, change.token)) {
      return fault("TIMER-4", `cancellation token "${change.token}" is still pending`);
    }
    pending.set(change.token, true);
  }
  return null;
}

function hasNoEffects(result: InvocationResult): boolean {
  const { stateChanges, sends, timerChanges, egressRecords, replies } = result;
  const lists = [stateChanges, sends, timerChanges, egressRecords, replies];
  return lists.every((list) => list.length === 0);
}

function fault(clause: string, message: string): Fault {
  return { clause, message };
}
