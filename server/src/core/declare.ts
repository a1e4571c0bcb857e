import type { Binding } from "./binding.js";
import { bindState, findStateFault } from "./catalog.js";
import type { StateSpec, StatesDeclaredCommand } from "./command.js";
import { dispatchedAtMs } from "./flights.js";
import type { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { readState } from "./state.js";

/** Of one function type. Each is a table of its own, for ever. */
const statesMax = 1024;

/**
 * Gives a function type states that its server has only now declared, and answers with the values as they were when the
 * invocation was sent. A declaration whose invocation is not in flight any more changes nothing.
 */
export function declareStates(
  shard: Shard,
  session: Session,
  { invocation, states }: StatesDeclaredCommand,
): void {
  const mailbox = session.inFlight.get(invocation);
  const binding = mailbox?.binding ?? null;
  if (mailbox === undefined || binding === null) return;
  const fault = findFault(binding, states);
  if (fault !== null) {
    session.stateReplies.push({ invocation, states: [], fault });
    return;
  }
  session.stateReplies.push({
    invocation,
    states: states.map((spec) => {
      const state = indexOf(shard, binding, spec);
      const value = readState(shard, binding, state, mailbox.id, dispatchedAtMs(shard, mailbox));
      return { state, value };
    }),
  });
}

function findFault(binding: Binding, states: readonly StateSpec[]): string | null {
  const fault = findStateFault(binding.type, states);
  if (fault !== null) return fault.message;
  const count = binding.states.length + states.length;
  if (count <= statesMax) return null;
  return `${count} states of ${binding.type.name} exceed ${statesMax}`;
}

/** Another invocation may have declared the state meanwhile: then its expiration stays. */
function indexOf(shard: Shard, binding: Binding, spec: StateSpec): number {
  const known = binding.states.findIndex(({ table }) => table.name === spec.name);
  if (known >= 0) return known;
  binding.eager.push(binding.states.length);
  return binding.states.push(bindState(shard, binding.type, spec)) - 1;
}
