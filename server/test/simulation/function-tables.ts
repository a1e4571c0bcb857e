import type { FunctionSpec, StateSpec } from "@statewire/protos/statewire/v1/stream.js";
import { Expiration_Mode } from "@statewire/protos/statewire/v1/stream.js";
import { type StateName, stateTypename } from "./ledger.js";
import type { Lifetimes } from "./run-book.js";

interface Entry {
  readonly pattern: string;
  /** In the order of the table; "name:lazy" is not sent with invocations. */
  readonly states: readonly `${StateName}${"" | ":lazy"}`[];
  readonly inFlightMax?: number;
  readonly batchMax?: number;
}

/** The tables that servers announce: exact and wildcard entries, states in any order, eager or lazy. */
const tables: readonly (readonly Entry[])[] = [
  [
    { pattern: "t/a", states: ["ledger", "tally", "brief", "warm"] },
    { pattern: "w/*", states: ["warm", "brief", "tally", "ledger"] },
  ],
  [
    { pattern: "w/x", states: ["ledger", "warm", "tally:lazy", "brief:lazy"] },
    { pattern: "w/*", states: ["brief", "ledger", "tally", "warm"], inFlightMax: 1 },
  ],
  [{ pattern: "t/a", states: ["tally:lazy", "ledger", "warm:lazy", "brief"], batchMax: 2 }],
  [
    { pattern: "w/*", states: ["ledger:lazy", "tally:lazy", "brief", "warm"], inFlightMax: 2 },
    { pattern: "t/a", states: ["brief:lazy", "ledger:lazy", "tally", "warm:lazy"] },
  ],
];

export function functionTables(lifetimes: Lifetimes): readonly (readonly FunctionSpec[])[] {
  return tables.map((entries) =>
    entries.map(({ pattern, states, inFlightMax = 0, batchMax = 0 }) => ({
      typeName: pattern,
      states: states.map((text) => stateSpec(text, lifetimes)),
      inFlightMax,
      batchMax,
    })),
  );
}

function stateSpec(text: string, lifetimes: Lifetimes): StateSpec {
  const [name = "", lazy] = text.split(":");
  return {
    name,
    typename: stateTypename(name as StateName),
    expiration: expirationOf(name as StateName, lifetimes),
    lazy: lazy !== undefined,
  };
}

function expirationOf(name: StateName, { briefMs, warmMs }: Lifetimes): StateSpec["expiration"] {
  if (name === "brief") return { mode: Expiration_Mode.AFTER_WRITE, durationMs: briefMs };
  if (name === "warm") return { mode: Expiration_Mode.AFTER_INVOCATION, durationMs: warmMs };
  return undefined;
}
