import { readdirSync } from "node:fs";
import { performance } from "node:perf_hooks";
import {
  type CheckpointView,
  egressStates,
  type FunctionTypeView,
  ingressStates,
  type NodeView,
} from "./node-view.js";

/** One value, with the values of the definition's labels in their order. */
export type Sample = readonly [value: number, ...labels: string[]];

/** A counter or a gauge, and how it is read from a node when somebody asks. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (view: NodeView) => Iterable<Sample>;
}

/** All but the histograms, in the order of docs/METRICS.md. Units are in the names. */
export const metricTable: readonly MetricDefinition[] = [
  ofFunction(
    "counter",
    "messages_in_total",
    "Messages that arrived for the function type.",
    (f) => f.counters.messagesIn,
  ),
  ofFunction(
    "counter",
    "messages_out_local_total",
    "Messages to functions that the type sent.",
    (f) => f.counters.messagesToFunctions,
  ),
  ofFunction(
    "counter",
    "messages_out_egress_total",
    "Egress records that the type produced.",
    (f) => f.counters.messagesToEgress,
  ),
  ofFunction(
    "counter",
    "invocations_total",
    "Batches of messages handed to function servers.",
    (f) => f.counters.invocations,
  ),
  {
    name: "statewire_function_failures_total",
    kind: "counter",
    help: "Attempts at an invocation that failed, by the code of the failure.",
    labels: ["function", "code"],
    *read(view) {
      for (const { name, counters } of view.functionTypes()) {
        for (const [code, count] of counters.failures) yield [count, name, code];
      }
    },
  },
  ofFunction(
    "counter",
    "dead_letters_total",
    "Messages that were given up and went to the dead letter egress.",
    (f) => f.counters.deadLetters,
  ),
  ofFunction(
    "gauge",
    "backlog_messages",
    "Messages in mailboxes of the type, those in flight included.",
    (f) => f.counters.waiting,
  ),
  ofFunction(
    "gauge",
    "in_flight_invocations",
    "Invocations at function servers now.",
    (f) => f.counters.inFlight,
  ),
  ofFunction(
    "gauge",
    "parked_addresses",
    "Addresses set aside because their first message cannot succeed.",
    (f) => f.counters.parked,
  ),
  ofFunction(
    "gauge",
    "active_addresses",
    "Addresses with messages, or with state that a server keeps.",
    (f) => f.addressesActive,
  ),
  ofNode(
    "gauge",
    "epoch_durable",
    "The newest epoch that is on disk. Kept across restarts.",
    (v) => v.storage().epochDurable,
  ),
  ofNode(
    "gauge",
    "epoch_folded",
    "The newest epoch that the tables hold.",
    (v) => v.storage().epochFolded,
  ),
  ofNode(
    "gauge",
    "journal_bytes",
    "Size of the journal's segments on disk.",
    (v) => v.storage().journalBytes,
  ),
  ofNode(
    "gauge",
    "journal_segments",
    "Journal segments on disk.",
    (v) => v.storage().journalSegments,
  ),
  ofNode(
    "counter",
    "expired_rows_total",
    "Rows that had expired and were removed from the tables.",
    (v) => v.storage().rowsExpired,
  ),
  ofCheckpoints(
    "gauge",
    "number",
    "Number of the latest checkpoint of the lineage.",
    (c) => c.number,
  ),
  ofCheckpoints(
    "gauge",
    "epoch",
    "The newest epoch that a complete checkpoint holds.",
    (c) => c.epoch,
  ),
  ofCheckpoints(
    "gauge",
    "age_seconds",
    "Since the latest checkpoint was complete, or since the start.",
    (c) => c.ageMs / 1000,
  ),
  ofCheckpoints(
    "gauge",
    "late",
    "1 while the checkpoint store does not take what is written, else 0.",
    (c) => (c.reason === "" ? 0 : 1),
  ),
  ofCheckpoints(
    "gauge",
    "duration_seconds",
    "Time that the latest checkpoint took.",
    (c) => c.durationMs / 1000,
  ),
  ofCheckpoints(
    "gauge",
    "pending_bytes",
    "Changes on disk that no checkpoint holds.",
    (c) => c.pendingBytes,
  ),
  ofCheckpoints("counter", "completed_total", "Checkpoints written.", (c) => c.completed),
  ofCheckpoints("counter", "failures_total", "Checkpoints given up.", (c) => c.failures),
  ofCheckpoints(
    "counter",
    "retries_total",
    "Calls of the checkpoint store that were tried again.",
    (c) => c.retries,
  ),
  ofCheckpoints(
    "counter",
    "written_bytes_total",
    "Bytes put into the checkpoint store.",
    (c) => c.bytesWritten,
  ),
  ofCheckpoints(
    "counter",
    "removed_total",
    "Manifests and objects that retention has removed.",
    (c) => c.objectsRemoved,
  ),
  ofNode("gauge", "timers", "Delayed messages that wait.", (v) => v.timerCount()),
  {
    name: "statewire_ingress_requests_total",
    kind: "counter",
    help: "Requests that have ended, by gRPC status; each message of a stream is one.",
    labels: ["api", "method", "code"],
    *read(view) {
      for (const counts of view.requestCounts()) {
        const { api, method } = counts;
        for (const [code, count] of counts.byCode()) yield [count, api, method, code];
      }
    },
  },
  ofNode("gauge", "ingress_pending_requests", "Requests that wait for their answer.", (v) =>
    v.pendingRequestCount(),
  ),
  ofNode(
    "gauge",
    "ingress_accepting",
    "1 while ingresses may read input, 0 while they are held back.",
    (v) => Number(v.isAccepting()),
  ),
  {
    name: "statewire_ingress_position",
    kind: "gauge",
    help: "Progress of an ingress of the module, in its own measure.",
    labels: ["ingress"],
    read: (view) => view.ingresses().map(({ name, position }) => [position, name]),
  },
  ofStates(
    "ingress",
    "1 for the state that the ingress is in, 0 for the others; failed: an operator has to act.",
    ingressStates,
    (view) => view.ingresses(),
  ),
  {
    name: "statewire_egress_records_total",
    kind: "counter",
    help: "Records that have been produced for the egress. Kept across restarts.",
    labels: ["egress"],
    read: (view) => view.egresses().map(({ name, sequenceLast }) => [sequenceLast, name]),
  },
  {
    name: "statewire_egress_backlog_records",
    kind: "gauge",
    help: "Records of the egress that are not acknowledged.",
    labels: ["egress"],
    read: (view) =>
      view
        .egresses()
        .map((egress) => [egress.sequenceLast - egress.sequenceAcknowledged, egress.name]),
  },
  ofStates(
    "egress",
    "1 for the state that the egress is in, 0 for the others; stopped: an operator has to act.",
    egressStates,
    (view) => view.egresses(),
  ),
  {
    name: "statewire_endpoint_ready",
    kind: "gauge",
    help: "1 while the function server at the address is ready, else 0.",
    labels: ["address"],
    read: (view) =>
      view.endpoints().map(({ address, state }) => [state === "ready" ? 1 : 0, address]),
  },
  ofProcess("counter", "process_cpu_seconds_total", "CPU time of the process.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }),
  ofProcess(
    "gauge",
    "process_resident_memory_bytes",
    "Resident memory, mapped table pages included.",
    () => process.memoryUsage.rss(),
  ),
  ofProcess(
    "gauge",
    "process_start_time_seconds",
    "When the process began, in seconds since the Unix epoch.",
    () => performance.timeOrigin / 1000,
  ),
  ofProcess(
    "gauge",
    "process_open_fds",
    "Open file descriptors; -1 where the system does not tell.",
    openFileDescriptors,
  ),
  ofProcess(
    "gauge",
    "nodejs_heap_size_used_bytes",
    "JavaScript heap in use.",
    () => process.memoryUsage().heapUsed,
  ),
  ofProcess(
    "gauge",
    "nodejs_external_memory_bytes",
    "Buffers outside the JavaScript heap.",
    () => process.memoryUsage().external,
  ),
  ofProcess(
    "counter",
    "nodejs_eventloop_busy_seconds_total",
    "Time that the event loop was not idle.",
    () => performance.eventLoopUtilization().active / 1000,
  ),
];

function ofFunction(
  kind: MetricDefinition["kind"],
  name: string,
  help: string,
  value: (type: FunctionTypeView) => number,
): MetricDefinition {
  return {
    name: `statewire_function_${name}`,
    kind,
    help,
    labels: ["function"],
    *read(view) {
      for (const type of view.functionTypes()) yield [value(type), type.name];
    },
  };
}

function ofNode(
  kind: MetricDefinition["kind"],
  name: string,
  help: string,
  value: (view: NodeView) => number,
): MetricDefinition {
  return {
    name: `statewire_${name}`,
    kind,
    help,
    labels: [],
    read: (view) => [[value(view)]],
  };
}

function ofCheckpoints(
  kind: MetricDefinition["kind"],
  name: string,
  help: string,
  value: (checkpoints: CheckpointView) => number,
): MetricDefinition {
  return ofNode(kind, `checkpoint_${name}`, help, (view) => value(view.checkpoints()));
}

/** One series per state, so that an alert can wait for one of them. */
function ofStates(
  what: "ingress" | "egress",
  help: string,
  states: readonly string[],
  list: (view: NodeView) => readonly { readonly name: string; readonly state: string }[],
): MetricDefinition {
  return {
    name: `statewire_${what}_state`,
    kind: "gauge",
    help,
    labels: [what, "state"],
    *read(view) {
      for (const { name, state } of list(view)) {
        for (const label of states) yield [Number(label === state), name, label];
      }
    },
  };
}

/** Read when asked, unlike prom-client's own: those keep a timer that wakes an idle node. */
function ofProcess(
  kind: MetricDefinition["kind"],
  name: string,
  help: string,
  value: () => number,
): MetricDefinition {
  return { name, kind, help, labels: [], read: () => [[value()]] };
}

function openFileDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return -1;
  }
}
