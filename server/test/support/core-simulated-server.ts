import assert from "node:assert/strict";
import { covers, formatAddress } from "../../src/core/address.js";
import type { Command, FunctionSpec, InvocationFailure } from "../../src/core/command.js";
import type { Invocation, StateReply } from "../../src/core/effect.js";
import type { Random } from "./core-random.js";
import type { Letter } from "./core-simulated-function.js";
import { readLog, readTally, resultOf, runFunction } from "./core-simulated-function.js";

type Values = Map<string, Uint8Array | null>;

/** An invocation that the server was given, and what it knows of the state. */
interface Work {
  readonly invocation: Invocation;
  readonly address: string;
  readonly letters: readonly Letter[];
  readonly values: Values;
  /** Names of states that it has asked for and not got. */
  awaited: readonly string[];
}

/** What the server keeps under a lease. */
interface Kept {
  readonly version: number;
  readonly values: Values;
}

const failure: InvocationFailure = {
  code: "function",
  message: "boom",
  retryable: true,
  retryAfterMs: 0,
  completedInputs: 0,
};

/** The tables that servers announce: exact and wildcard entries, states in any order, eager or lazy. */
const tables: readonly (readonly FunctionSpec[])[] = [
  [entry("t/a", "log", "tally"), entry("w/*", "tally", "log")],
  [entry("w/x", "log", "tally:lazy"), { ...entry("w/*", "log", "tally"), inFlightMax: 1 }],
  [{ ...entry("t/a", "tally:lazy", "log"), batchMax: 2 }],
  [
    { ...entry("w/*", "log:lazy", "tally:lazy"), inFlightMax: 2 },
    entry("t/a", "log:lazy", "tally"),
  ],
];

/**
 * A function server of the simulation: it answers in any order, fails, forgets leases, gives up, and
 * keeps to the protocol, unless it is told to break it.
 */
export class SimulatedServer {
  readonly session: number;
  readonly functions: readonly FunctionSpec[];
  readonly #random: Random;
  readonly #work = new Map<number, Work>();
  readonly #kept = new Map<string, Kept>();

  constructor(session: number, random: Random) {
    this.session = session;
    this.#random = random;
    this.functions = random.pick(tables);
  }

  attach(): Command {
    const window = this.#window();
    const leasesMax = this.#random.pick([0, 2, 100]);
    const { session, functions } = this;
    return { kind: "sessionAttached", session, functions, window, leasesMax };
  }

  changeWindow(): Command {
    return { kind: "sessionWindow", session: this.session, window: this.#window() };
  }

  /** Takes invocations, and asks for the state that it needs. */
  receive(invocations: readonly Invocation[], replies: readonly StateReply[]): Command[] {
    for (const reply of replies) this.#take(reply);
    return invocations.flatMap((invocation) => this.#begin(invocation));
  }

  /** The results of some of what can be answered, in one frame; undefined: nothing can. */
  answer(): Command | undefined {
    const ready = [...this.#work.values()].filter(({ awaited }) => awaited.length === 0);
    if (ready.length === 0) return undefined;
    const results = this.#random.oneIn(2) ? [this.#random.pick(ready)] : ready;
    return {
      kind: "results",
      session: this.session,
      results: results.map((work) => this.#result(work)),
    };
  }

  /** Forgets an invocation as if its function hung for ever. */
  hang(): void {
    const [invocation] = this.#work.keys();
    if (invocation !== undefined) this.#work.delete(invocation);
  }

  /** An older invocation of the address has been given up by the runtime. [INVOKE-10] */
  #begin(invocation: Invocation): Command[] {
    const address = formatAddress({ typeName: invocation.binding.type.name, id: invocation.id });
    const spec = this.#specOf(invocation);
    for (const [older, work] of this.#work) if (work.address === address) this.#work.delete(older);
    const lazy = spec.states.filter((state) => state.lazy).map(({ name }) => name);
    const eager = spec.states.filter((state) => !state.lazy).map(({ name }) => name);
    const letters = invocation.messages.map(
      ({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as Letter,
    );
    const work: Work = { invocation, address, letters, values: new Map(), awaited: lazy };
    this.#work.set(invocation.invocation, work);
    const commands: Command[] = [];
    if (invocation.lease === 0) {
      eager.forEach((name, at) => {
        work.values.set(name, invocation.states[at] ?? null);
      });
    } else if (!this.#useLease(work)) {
      work.awaited = [...lazy, ...eager];
      commands.push(this.#ask(work, { leaseMissing: true, states: [] }));
    }
    const states = spec.states.flatMap((state, index) => (state.lazy ? [index] : []));
    if (states.length > 0) commands.push(this.#ask(work, { leaseMissing: false, states }));
    return commands;
  }

  #useLease({ invocation, address, values }: Work): boolean {
    const kept = this.#kept.get(address);
    if (kept?.version !== invocation.lease) return false;
    if (this.#random.oneIn(5)) return false;
    for (const [name, value] of kept.values) values.set(name, value);
    return true;
  }

  #ask(
    { invocation }: Work,
    what: { readonly leaseMissing: boolean; readonly states: readonly number[] },
  ): Command {
    const { session } = this;
    return { kind: "stateRequested", session, invocation: invocation.invocation, ...what };
  }

  #take(reply: StateReply): void {
    const work = this.#work.get(reply.invocation);
    if (work === undefined) return;
    const spec = this.#specOf(work.invocation);
    for (const { state, value } of reply.states) {
      const name = spec.states[state]?.name ?? "";
      work.values.set(name, value);
      work.awaited = work.awaited.filter((other) => other !== name);
    }
  }

  #result(work: Work) {
    const { invocation, letters, address, values } = work;
    this.#work.delete(invocation.invocation);
    this.#kept.delete(address);
    const states = this.#specOf(invocation).states.map(({ name }) => name);
    const completed = this.#random.oneIn(6) ? this.#random.below(letters.length) : letters.length;
    const log = readLog(values.get("log") ?? null);
    const tally = readTally(values.get("tally") ?? null);
    const run = runFunction(address, letters.slice(0, completed), log, tally);
    const result = resultOf(run, invocation.invocation, states);
    if (completed < letters.length) {
      const failed = { ...result, failure: { ...failure, completedInputs: completed } };
      return completed > 0 ? failed : { ...failed, stateChanges: [] };
    }
    if (letters.length > 1 && this.#random.oneIn(8)) return this.#refusable(result);
    const eager = this.#specOf(invocation).states.filter((state) => !state.lazy);
    const after = new Map(result.stateChanges.map(({ state, value }) => [states[state], value]));
    const kept: Values = new Map(eager.map(({ name }) => [name, after.get(name) ?? null]));
    this.#kept.set(address, { version: invocation.invocation, values: kept });
    return result;
  }

  /** A result of several inputs that the runtime refuses: the first input then goes alone. */
  #refusable(result: ReturnType<typeof resultOf>) {
    const record = { egress: "e/nowhere", value: { typename: "x/letter", value: null } };
    return { ...result, egressRecords: [...result.egressRecords, record] };
  }

  #specOf({ binding }: Invocation): FunctionSpec {
    const { name } = binding.type;
    const exact = this.functions.find(({ pattern }) => pattern === name);
    const spec = exact ?? this.functions.find(({ pattern }) => covers(pattern, name));
    assert.ok(spec !== undefined, `${name} is not in the table`);
    assert.equal(this.functions[binding.entry], spec, `${name} is served by its own entry`);
    return spec;
  }

  #window() {
    return {
      invocations: this.#random.pick([1, 3, 100]),
      bytes: this.#random.pick([1, 300, 100_000]),
    };
  }
}

function entry(pattern: string, ...names: readonly string[]): FunctionSpec {
  const states = names.map((text) => {
    const [name = "", lazy] = text.split(":");
    return { name, typename: `x/${name}`, expiration: null, lazy: lazy !== undefined };
  });
  return { pattern, states, inFlightMax: 0, batchMax: 0 };
}
