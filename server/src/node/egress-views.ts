import type { EgressView } from "../admin/node-view.js";
import type { Outbox } from "../core/outbox.js";

type Outboxes = ReadonlyMap<string, Outbox>;

/**
 * The module's egresses as their stages show them, then those that were removed from it. The core
 * knows more than a stage: what it has not delivered yet.
 */
export function viewEgresses(outboxes: Outboxes, stages: readonly EgressView[]): EgressView[] {
  const declared = stages.map((egress) => {
    const outbox = outboxes.get(egress.name);
    const { last: sequenceLast = 0, acknowledged: sequenceAcknowledged = 0 } = outbox ?? {};
    return { ...egress, sequenceLast, sequenceAcknowledged };
  });
  return [...declared, ...removedEgresses(outboxes)];
}

/** Those that the module names no longer while records of them are stored. */
export function removedEgresses(outboxes: Outboxes): EgressView[] {
  return [...outboxes.values()]
    .filter(({ isDeclared }) => !isDeclared)
    .map(({ egress, last, acknowledged, queue }) => ({
      name: egress,
      kind: "",
      sequenceLast: last,
      sequenceAcknowledged: acknowledged,
      state: "removed",
      reason: `the module does not name it any more; records kept for it: ${queue.length}`,
    }));
}
