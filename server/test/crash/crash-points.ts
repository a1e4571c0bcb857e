import { pointName } from "./disk-step.js";

// What a node does to its disk: a step that is not here fails a test. Its folder has the data directory
// (.statewire), and the file of an egress (audit.txt).

/** Of a node without any data, in their order, with what a crash among them leaves to be done. */
export const firstSteps: readonly string[] = [
  "make .statewire",
  "make .statewire/journal",
  "create .statewire/format.tmp",
  "write .statewire/format.tmp",
  "sync .statewire/format.tmp",
  "rename .statewire/format.tmp to .statewire/format",
  "sync .statewire",
  "make .statewire/tables",
  "transaction in .statewire/tables",
  "make .statewire/deltas",
  "create .statewire/journal/spare-*.tmp",
  "write .statewire/journal/spare-*.tmp",
  "sync .statewire/journal/spare-*.tmp",
  "rename .statewire/journal/spare-*.tmp to .statewire/journal/journal-*",
  "sync .statewire/journal",
  "rename .statewire/journal/journal-* to .statewire/journal/spare-journal-*",
  "rename .statewire/journal/spare-journal-* to .statewire/journal/journal-*",
  "remove .statewire/journal/spare-*.tmp",
  "make .statewire/checkpoints/main/manifests",
  "sync .statewire/checkpoints/main",
  "sync .statewire/checkpoints",
  "make .",
  "create audit.txt",
  "sync .",
  "sync audit.txt",
  "rename audit.txt to audit.txt.*",
];

const start = [
  "sync .statewire/tables",
  "remove .statewire/lock.sock",
  "remove .statewire/lock.sock-takeover",
  "remove .statewire/tables/lock.mdb",
  "rename .statewire/journal/journal-* to .statewire/journal/spare-*",
  "rename .statewire/journal/spare-* to .statewire/journal/journal-*",
  "write .statewire/tables/stamp.json",
  "create .statewire/lineage.json.tmp",
  "write .statewire/lineage.json.tmp",
  "sync .statewire/lineage.json.tmp",
  "rename .statewire/lineage.json.tmp to .statewire/lineage.json",
  "create .statewire/starts",
  "write .statewire/starts",
  "sync .statewire/starts",
];

const epoch = ["write .statewire/journal/journal-*"];

const fold = [
  "create .statewire/deltas/delta-*.tmp",
  "write .statewire/deltas/delta-*.tmp",
  "remove .statewire/deltas/delta-*.tmp",
  "sync .statewire/deltas/delta-*.tmp",
  "rename .statewire/deltas/delta-*.tmp to .statewire/deltas/delta-*",
  "sync .statewire/deltas",
];

const egress = ["write audit.txt", "sync audit.txt", "truncate audit.txt"];

/** When two checkpoints have followed one another. */
export const removedDelta = "remove .statewire/deltas/delta-*";

const checkpoint = [
  "make .statewire/checkpoints/main/objects",
  "create .statewire/checkpoints/main/objects/.writing-*",
  "write .statewire/checkpoints/main/objects/.writing-*",
  "sync .statewire/checkpoints/main/objects/.writing-*",
  "rename .statewire/checkpoints/main/objects/.writing-* to .statewire/checkpoints/main/objects/*",
  "sync .statewire/checkpoints/main/objects",
  "create .statewire/checkpoints/main/manifests/.writing-*",
  "write .statewire/checkpoints/main/manifests/.writing-*",
  "sync .statewire/checkpoints/main/manifests/.writing-*",
  "link .statewire/checkpoints/main/manifests/.writing-* to .statewire/checkpoints/main/manifests/*",
  "remove .statewire/checkpoints/main/manifests/.writing-*",
  "sync .statewire/checkpoints/main/manifests",
  "remove .statewire/checkpoints/main/manifests/*",
  "remove .statewire/checkpoints/main/objects/*",
  removedDelta,
];

/** Of a node that is told to stop. */
export const lastStep = "remove .statewire/starts";

/** Taken again and again. */
export const laterSteps: readonly string[] = [
  ...[...epoch, ...egress, ...fold, ...start, ...checkpoint],
  lastStep,
];

/** Known, and not walked through. */
export const otherSteps: readonly string[] = [
  // Aside, once: a node may have died by then.
  "rename .statewire/journal/spare-*.tmp to .statewire/journal/spare-*",
  // When a run has left more segments than a journal needs.
  "remove .statewire/journal/journal-*",
];

/** Where the end of a step is not the beginning of the next one, since others go on meanwhile. */
const endsOfSteps = [
  // The epoch is durable, and nobody has been told.
  "write .statewire/journal/journal-*",
  // The records are in the file, and the node does not know.
  "sync audit.txt",
  // The delta has its name, and the tables do not hold its epochs.
  "sync .statewire/deltas",
  // The checkpoint is complete, and its writer does not know.
  "link .statewire/checkpoints/main/manifests/.writing-* to .statewire/checkpoints/main/manifests/*",
];

/** Where a node can be made to die around its steps, and in the middle of what it writes. */
export function crashPointsOf(steps: readonly string[]): string[] {
  return steps.flatMap((step) => [
    pointName("before", step),
    ...(step.startsWith("write ") ? [pointName("within", step)] : []),
    ...(endsOfSteps.includes(step) ? [pointName("after", step)] : []),
  ]);
}
