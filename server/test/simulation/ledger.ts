/**
 * What a simulated function keeps to account for itself. It is state like any other: lost, restored
 * and rolled back together with the effects that it tells of.
 */
export interface Ledger {
  /** The run that wrote it last. */
  run: number;
  /** By sender: the number of its newest letter. */
  in: Record<string, number>;
  /** Letters that never came: sender and number. */
  skipped: (readonly [string, number])[];
  /** By receiver and egress: the number of the newest letter or record to it. */
  out: Record<string, number>;
  /** Programs of letters that came in no order. */
  once: string[];
  /** The delayed program that a cancellation would stop, and the run that scheduled it. */
  pending: readonly [string, number] | null;
  /** Programs that were cancelled: program, scheduling run, cancelling run. */
  cancelled: (readonly [string, number, number])[];
  /** The run that wrote the brief state; 0: it has no value. */
  brief: number;
  /** The run that wrote the warm state; 0: it has no value. */
  warm: number;
  /** The run that gave the warm state its time last. */
  warmed: number;
}

/** The states of every simulated function. Each table declares all of them, in an order of its own. */
export const stateNames = ["ledger", "tally", "brief", "warm"] as const;
export type StateName = (typeof stateNames)[number];

/** State as a function sees it: decoded, and its own copy. */
export interface FunctionState {
  readonly ledger: Ledger;
  tally: number;
  /** The run that wrote the value; null: no value. */
  brief: number | null;
  warm: number | null;
}

export function stateTypename(name: StateName): string {
  return `x/${name}`;
}

export function encodeState(state: FunctionState, name: StateName): Buffer | null {
  const value = state[name];
  return value === null ? null : Buffer.from(JSON.stringify(value));
}

export function decodeState(values: ReadonlyMap<string, Uint8Array | null>): FunctionState {
  const read = (name: StateName): unknown => {
    const value = values.get(name);
    return value === undefined || value === null ? null : JSON.parse(Buffer.from(value).toString());
  };
  return {
    ledger: (read("ledger") as Ledger | null) ?? emptyLedger(),
    tally: (read("tally") as number | null) ?? 0,
    brief: read("brief") as number | null,
    warm: read("warm") as number | null,
  };
}

function emptyLedger(): Ledger {
  return {
    run: 0,
    in: {},
    skipped: [],
    out: {},
    once: [],
    pending: null,
    cancelled: [],
    brief: 0,
    warm: 0,
    warmed: 0,
  };
}
