import { covers } from "./address.js";
import type { Binding, BoundState, EntryLoad } from "./binding.js";
import { ColdMailboxes } from "./cold-mailboxes.js";
import type { Expiration, Fault, FunctionSpec, StateSpec } from "./command.js";
import { Fifo } from "./fifo.js";
import type { FunctionType, Standing } from "./function-type.js";
import { latencyBounds } from "./function-type.js";
import { Histogram } from "./histogram.js";
import { MailboxTable } from "./mailbox-table.js";
import { placeServed } from "./park.js";
import type { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { policyOf } from "./shard.js";
import type { StateTable } from "./state-table.js";
import { firstStateTable } from "./state-table.js";

/** The function type of that name, interned in the open epoch when it is new. */
export function internType(shard: Shard, name: string): FunctionType {
  const known = shard.types.get(name);
  if (known !== undefined) return known;
  const type = createType(shard.typesByIndex.length, name, { hashSeed: shard.options.hashSeed });
  shard.types.set(name, type);
  shard.typesByIndex.push(type);
  shard.epoch.types.push(type);
  for (const session of shard.sessions.values()) bindByWildcard(shard, session, type);
  return type;
}

/** A function type without mailboxes or servers. */
export function createType(
  index: number,
  name: string,
  options: { readonly standing?: Standing; readonly hashSeed?: number | undefined } = {},
): FunctionType {
  return {
    index,
    name,
    standing: options.standing ?? "named",
    mailboxes: new MailboxTable(options.hashSeed ?? 0),
    cold: new ColdMailboxes(),
    states: new Map(),
    bindings: [],
    unplaced: new Set(),
    counters: {
      messagesIn: 0,
      messagesToFunctions: 0,
      messagesToEgress: 0,
      failures: new Map(),
      invocations: 0,
      waiting: 0,
      inFlight: 0,
      parked: 0,
      deadLetters: 0,
    },
    latency: new Histogram(latencyBounds),
  };
}

/** Why the table cannot be served, with the clause it breaks; null when it can. */
export function findTableFault(shard: Shard, functions: readonly FunctionSpec[]): Fault | null {
  const exact = new Set(functions.map((spec) => spec.pattern));
  for (const spec of functions) {
    for (const type of knownTypes(shard, spec.pattern)) {
      if (spec.pattern !== type.name && exact.has(type.name)) continue;
      const fault = findStateFault(type, spec.states);
      if (fault !== null) return fault;
    }
  }
  return null;
}

function knownTypes(shard: Shard, pattern: string): FunctionType[] {
  const type = shard.types.get(pattern);
  if (type !== undefined) return [type];
  return [...shard.types.values()].filter(({ name }) => covers(pattern, name));
}

/** Why the states cannot be those of the type; null when they can. */
export function findStateFault(type: FunctionType, states: readonly StateSpec[]): Fault | null {
  for (const state of states) {
    const known = type.states.get(state.name);
    if (known === undefined || known.typename === state.typename) continue;
    const message =
      `state ${state.name} of ${type.name} is declared as ${state.typename}, ` +
      `but values of it are kept as ${known.typename}`;
    return { clause: "TABLE-4", message };
  }
  return null;
}

/** Makes a session serve what its table names, exact entries before wildcards. */
export function bindSession(shard: Shard, session: Session): void {
  session.functions.forEach((spec, entry) => {
    if (!spec.pattern.endsWith("/*")) bind(shard, session, internType(shard, spec.pattern), entry);
  });
  for (const type of shard.typesByIndex) {
    if (type.index > 0) bindByWildcard(shard, session, type);
  }
}

/** Ends what a session serves. Its ready mailboxes are the caller's to place. */
export function unbindSession(session: Session): void {
  for (const binding of session.bindings.values()) {
    const at = binding.type.bindings.indexOf(binding);
    if (at >= 0) binding.type.bindings.splice(at, 1);
  }
}

function bindByWildcard(shard: Shard, session: Session, type: FunctionType): void {
  if (session.bindings.has(type) || session.draining) return;
  const entry = session.functions.findIndex(
    (spec) =>
      spec.pattern.endsWith("/*") &&
      covers(spec.pattern, type.name) &&
      spec.open?.except.includes(type.name) !== true,
  );
  if (entry >= 0) bind(shard, session, type, entry);
}

function bind(shard: Shard, session: Session, type: FunctionType, entry: number): void {
  const spec = session.functions[entry];
  const load = spec?.open === undefined ? session.loads[entry] : loadOf(spec);
  if (spec === undefined || load === undefined || session.bindings.has(type)) return;
  const states = spec.states.map((state) => bindState(shard, type, state));
  const policy = policyOf(shard, type.name);
  const binding: Binding = {
    session,
    type,
    entry,
    states,
    eager: states.flatMap((state, index) => (state.lazy ? [] : [index])),
    load,
    batchMax: leastLimit(spec.batchMax, policy.batchMax),
    invocationTimeoutMs: policy.invocationTimeoutMs,
    ready: new Fifo(),
    runnable: false,
  };
  session.bindings.set(type, binding);
  load.bindings.push(binding);
  type.bindings.push(binding);
  type.standing = "served";
  placeServed(shard, type);
}

/** What no other type shares. */
function loadOf({ inFlightMax }: FunctionSpec): EntryLoad {
  return { inFlightMax, inFlight: 0, bindings: [] };
}

/** The smaller of two limits, of which 0 is none. */
function leastLimit(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}

/** A state of a type as a server declares it, interned. */
export function bindState(shard: Shard, type: FunctionType, spec: StateSpec): BoundState {
  return { table: internStateTable(shard, type, spec), lazy: spec.lazy };
}

function internStateTable(shard: Shard, type: FunctionType, spec: StateSpec): StateTable {
  const known = type.states.get(spec.name);
  if (known !== undefined) {
    if (!sameExpiration(known.expiration, spec.expiration)) {
      known.expiration = spec.expiration;
      known.expires ||= spec.expiration !== null;
      shard.epoch.stateTables.push(known);
    }
    return known;
  }
  const table: StateTable = {
    table: firstStateTable + shard.stateTables.length,
    typeName: type.name,
    name: spec.name,
    typename: spec.typename,
    expiration: spec.expiration,
    expires: spec.expiration !== null,
  };
  type.states.set(spec.name, table);
  shard.stateTables.push(table);
  shard.epoch.stateTables.push(table);
  return table;
}

function sameExpiration(a: Expiration | null, b: Expiration | null): boolean {
  if (a === null || b === null) return a === b;
  return a.mode === b.mode && a.durationMs === b.durationMs;
}
