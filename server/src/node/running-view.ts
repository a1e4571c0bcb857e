import type {
  EgressView,
  EndpointView,
  IngressView,
  NodeView,
  StateView,
} from "../admin/node-view.js";
import type { Checkpointer } from "../checkpoint/checkpointer.js";
import type { FunctionType } from "../core/function-type.js";
import { findUnknown } from "../core/known-types.js";
import type { Machine } from "../core/machine.js";
import { isExpired } from "../core/state.js";
import type { Dispatcher } from "../dispatch/dispatcher.js";
import type { IngressRequests } from "../ingress/ingress-port.js";
import type { RequestCounters } from "../ingress/request-counters.js";
import type { Clock } from "../loop/clock.js";
import type { Module } from "../module/module.js";
import type { Store } from "../store/store.js";
import { viewEgresses } from "./egress-views.js";
import { mergedKeys } from "./merged-keys.js";
import { listParked, parkedAt } from "./parked-view.js";

/** The parts that can be looked at. */
export interface ViewedParts {
  readonly version: string;
  readonly module: Module;
  readonly store: Store;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly checkpointer: Checkpointer;
  readonly dispatcher: Dispatcher;
  readonly requests: IngressRequests;
  readonly counters: RequestCounters;
  readonly ingresses: () => readonly IngressView[];
  /** Of the egresses that the module names. */
  readonly egresses: () => readonly EgressView[];
}

/** A running node as metrics, health and the Admin service see it. */
export function createNodeView(parts: ViewedParts): NodeView {
  const { machine, store, dispatcher, requests } = parts;
  const { shard } = machine;
  const startedAt = performance.now();
  const typeNamed = (name: string): FunctionType | undefined => shard.types.get(name);
  return {
    version: parts.version,
    nodeId: store.nodeId,
    dataDirectory: store.directory,
    uptimeMs: () => performance.now() - startedAt,
    isRecovered: () => true,
    *functionTypes() {
      for (const type of shard.types.values()) {
        const { name, counters, mailboxes, cold, latency } = type;
        yield { name, counters, latency, addressesActive: mailboxes.size + cold.count };
      }
    },
    endpoints: () => endpointsOf(dispatcher, machine),
    egresses: () => viewEgresses(machine.shard.outboxes, parts.egresses()),
    ingresses: parts.ingresses,
    storage: () => ({
      epochDurable: shard.committedEpoch,
      epochFolded: shard.foldedEpoch,
      journalBytes: store.journalBytes,
      journalSegments: store.journalSegments,
      rowsExpired: store.rowsExpired,
    }),
    checkpoints: () => parts.checkpointer.status(),
    timerCount: () => shard.timers.pending,
    isAccepting: () => requests.accepting(),
    pendingRequestCount: () => requests.pendingCount,
    requestCounts: () => parts.counters.all(),
    readState: (typeName, id) => {
      const type = typeNamed(typeName);
      if (type !== undefined) return statesOf(parts, type, id);
      return findUnknown(shard, typeName) === null ? [] : undefined;
    },
    listState: (typeName, afterId) => {
      const type = typeNamed(typeName);
      if (type !== undefined) return listStates(parts, type, afterId);
      return findUnknown(shard, typeName) === null ? [] : undefined;
    },
    parked: (address) => parkedAt(machine, address),
    listParked: (typeName, after) => listParked(parts, typeName, after),
  };
}

function endpointsOf(dispatcher: Dispatcher, machine: Machine): readonly EndpointView[] {
  return dispatcher.statuses().map(({ session, ...status }) => ({
    ...status,
    invocationsInFlight: machine.shard.sessions.get(session)?.inFlight.size ?? 0,
  }));
}

function statesOf(parts: ViewedParts, type: FunctionType, id: string): readonly StateView[] {
  const { overlay } = parts.machine.shard;
  // The core's own time stands still while the node is idle.
  const nowMs = parts.clock.nowMs();
  const tables = [...type.states.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return tables.flatMap(({ table, name, typename }) => {
    const row = overlay.read(table, id);
    if (row === undefined || row.value === null || isExpired(row.expiresAtMs, nowMs)) return [];
    return [{ name, typename, value: row.value, expiresAtMs: row.expiresAtMs }];
  });
}

function* listStates(parts: ViewedParts, type: FunctionType, afterId: string | null) {
  const tables = [...type.states.values()].map((state) => state.table);
  for (const id of mergedKeys(parts, tables, afterId)) {
    const states = statesOf(parts, type, id);
    if (states.length > 0) yield { id, states };
  }
}
