import type {
  FunctionSpec,
  Hello,
  Invocation,
  InvocationBatch,
  Result,
  StateReply,
} from "@statewire/protos/statewire/v1/stream.js";
import { RuntimeFrame, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import type { Random } from "../support/random.js";
import type { EventLog } from "./event-log.js";
import type { Faults } from "./faults.js";
import { KeptStates } from "./kept-states.js";
import { decodeLetter } from "./program.js";
import { payloadBytes, ResultMaker } from "./result-maker.js";
import type { RunBook } from "./run-book.js";
import { ServerTypes } from "./server-types.js";
import type { Input } from "./simulated-function.js";
import type { Scope } from "./timeline.js";
import type { Verdict } from "./verdict.js";
import { type ViolatingFrame, violation } from "./violations.js";

export interface FunctionServerOptions {
  /** The runtime's number of the stream. */
  readonly session: number;
  readonly table: readonly FunctionSpec[];
  /** Ends with the stream. */
  readonly scope: Scope;
  readonly random: Random;
  readonly faults: Faults;
  readonly log: EventLog;
  readonly verdict: Verdict;
  readonly book: RunBook;
  /** How often each program has failed so far. Outlives the server. */
  readonly failures: Map<string, number>;
  readonly send: (frame: Buffer) => void;
}

/** An invocation that the server was given, and what it knows of the state. */
export interface Work {
  readonly invocation: number;
  readonly self: string;
  readonly spec: FunctionSpec;
  readonly inputs: readonly Input[];
  readonly values: Map<string, Uint8Array | null>;
  /** Names of states that it has asked for and not got. */
  readonly awaited: Set<string>;
}

/** Longer than any invocation may take, in milliseconds. */
const tooLateMs = 1500;

/**
 * The far end of one stream: a function server that reads and writes frames with the generated code,
 * and nothing of the runtime's. It answers in any order, fails, forgets leases and gives up, and keeps
 * to the protocol, unless chance tells it to break it.
 */
export class FunctionServer {
  readonly #options: FunctionServerOptions;
  readonly #types: ServerTypes;
  readonly #kept: KeptStates;
  readonly #maker: ResultMaker;
  readonly #work = new Map<number, Work>();
  /** Invocations whose results were sent. */
  readonly #over: number[] = [];
  /** Clauses that the server has broken on purpose. */
  readonly #broken = new Set<string>();
  #creditBytes = 0;
  #isAwake = false;
  #isDraining = false;

  constructor(options: FunctionServerOptions) {
    this.#options = options;
    this.#types = new ServerTypes(options.table);
    this.#kept = new KeptStates();
    this.#maker = new ResultMaker({ ...options, types: this.#types });
  }

  receive(bytes: Buffer): void {
    const { frame } = RuntimeFrame.decode(bytes);
    const { verdict, session, log } = this.#options;
    switch (frame?.$case) {
      case "hello":
        this.#welcome(frame.value);
        break;
      case "invocations":
        this.#takeBatch(frame.value);
        break;
      case "stateReply":
        this.#takeState(frame.value);
        break;
      case "credit":
        this.#creditBytes += frame.value.bytes;
        this.#wake();
        break;
      case "drain":
        this.#isDraining = true;
        break;
      case "error": {
        const { clause, message } = frame.value;
        log.add(`server ${session}`, `is told that it broke [${clause}]: ${message}`);
        verdict.check(
          this.#broken.has(clause),
          `server ${session} never broke [${clause}]: ${message}`,
        );
        break;
      }
      default:
        verdict.fail(`server ${session} got a frame of no known kind`);
    }
  }

  /** Changes the window, or begins to drain, by chance. */
  stir(): void {
    const { faults, random, scope } = this.#options;
    if (faults.happens("window changes", 80)) {
      const isShut = random.oneIn(3);
      this.#send({
        $case: "window",
        value: isShut ? { invocations: 0, bytes: 0 } : this.#window(),
      });
      if (isShut)
        scope.after(60, "window", () => this.#send({ $case: "window", value: this.#window() }));
    }
    if (faults.happens("server drains", 400) && !this.#isDraining) {
      this.#isDraining = true;
      this.#send({ $case: "drain", value: { reason: "an upgrade" } });
    }
    if (faults.happens("result of nothing", 100)) this.#sendStray();
    if (faults.happens("protocol violation", 400))
      this.#violate(violation(random, this.#work.values()));
  }

  #welcome({ limits, features }: Hello): void {
    const { random, table, session } = this.#options;
    this.#creditBytes = limits?.resultCreditBytes ?? 0;
    const isLazy = table.some(({ states }) => states.some(({ lazy }) => lazy));
    const wanted = [...(isLazy ? ["lazy-state"] : []), ...(random.oneIn(4) ? [] : ["leases"])];
    this.#kept.isAgreed = wanted.includes("leases");
    this.#send({
      $case: "welcome",
      value: {
        version: 1,
        sdkName: "simulation",
        sdkVersion: "",
        functions: [...table],
        features: features.filter((feature) => wanted.includes(feature)),
        window: this.#window(),
        leasedAddressesMax: this.#kept.isAgreed ? random.pick([0, 2, 100]) : 0,
        serverName: `server ${session}`,
      },
    });
  }

  #takeBatch({ types, invocations, resultCreditBytes }: InvocationBatch): void {
    const { verdict, session } = this.#options;
    for (const definition of types) this.#types.define(definition, verdict);
    this.#creditBytes += resultCreditBytes;
    verdict.check(invocations.length > 0, `server ${session} got a batch without invocations`);
    for (const invocation of invocations) this.#begin(invocation);
    this.#wake();
  }

  #begin(invocation: Invocation): void {
    const { faults, verdict } = this.#options;
    const { typeName, spec } = this.#types.target(invocation.type, verdict);
    const self = `${typeName}/${invocation.id}`;
    // An older invocation of the address has been given up by the runtime. [INVOKE-10]
    for (const [id, work] of this.#work) if (work.self === self) this.#work.delete(id);
    const inputs = invocation.inputs.map(({ value, wantsReply }) => ({
      letter: decodeLetter(value ?? Buffer.alloc(0)),
      wantsReply,
    }));
    verdict.check(inputs.length > 0, `${self} is invoked without inputs`);
    if (inputs.length > 1) faults.note("batch of several inputs");
    const id = invocation.invocationId;
    const work = {
      invocation: id,
      self,
      spec,
      inputs,
      values: new Map(),
      awaited: new Set<string>(),
    };
    this.#work.set(id, work);
    if (invocation.lease === 0) this.#readStates(work, invocation);
    else this.#useLease(work, invocation.lease);
    this.#askLazily(work);
  }

  #readStates({ self, spec, values }: Work, { states }: Invocation): void {
    this.#kept.drop(self);
    for (const { name, lazy } of spec.states) if (!lazy) values.set(name, null);
    for (const { state, value } of states)
      values.set(spec.states[state]?.name ?? "", value ?? null);
  }

  #useLease(work: Work, version: number): void {
    const { faults, verdict } = this.#options;
    const { invocation, self, spec, values, awaited } = work;
    verdict.check(this.#kept.isAgreed, `${self} is invoked under a lease, which was not agreed`);
    faults.note("lease named");
    if (faults.happens("lease forgotten", 6)) this.#kept.drop(self);
    const kept = this.#kept.take(self, version);
    if (kept !== undefined) {
      for (const [name, value] of kept) values.set(name, value);
      return;
    }
    for (const { name, lazy } of spec.states) if (!lazy) awaited.add(name);
    const value = { invocationId: invocation, states: [], leaseMissing: true };
    this.#send({ $case: "stateRequest", value });
  }

  #askLazily({ invocation, spec, awaited }: Work): void {
    const states = spec.states.flatMap(({ lazy }, index) => (lazy ? [index] : []));
    if (states.length === 0) return;
    this.#options.faults.note("state asked for");
    for (const index of states) awaited.add(spec.states[index]?.name ?? "");
    const value = { invocationId: invocation, states, leaseMissing: false };
    this.#send({ $case: "stateRequest", value });
  }

  #takeState({ invocationId, states }: StateReply): void {
    const work = this.#work.get(invocationId);
    if (work === undefined) return;
    for (const { state, value } of states) {
      const name = work.spec.states[state]?.name ?? "";
      work.values.set(name, value ?? null);
      work.awaited.delete(name);
    }
    this.#wake();
  }

  /** Plans to answer, if anything can be. */
  #wake(): void {
    const { scope, random, faults } = this.#options;
    if (this.#isAwake || this.#creditBytes <= 0 || this.#ready().length === 0) return;
    this.#isAwake = true;
    const delayMs = faults.happens("slow server", 30) ? random.between(50, 900) : random.below(6);
    scope.after(delayMs, `server ${this.#options.session} answers`, () => {
      this.#isAwake = false;
      this.#answer();
      this.#wake();
    });
  }

  #ready(): Work[] {
    return [...this.#work.values()].filter(({ awaited }) => awaited.size === 0);
  }

  /** The results of some of what can be answered, in one frame, in any order. */
  #answer(): void {
    const { random, faults } = this.#options;
    const ready = this.#ready();
    const chosen = random.oneIn(3) ? ready : random.shuffled(ready).slice(0, 1 + random.below(4));
    const results: Result[] = [];
    for (const work of chosen) {
      if (this.#creditBytes <= 0) {
        faults.note("result credit used up");
        break;
      }
      this.#work.delete(work.invocation);
      if (faults.happens("function hangs", 80)) continue;
      const result = this.#maker.result(work);
      this.#keep(work, result);
      this.#creditBytes -= payloadBytes(result);
      results.push(result);
      if ([...this.#work.keys()].some((id) => id < work.invocation)) {
        faults.note("result out of order");
      }
    }
    this.#sendResults(results);
  }

  #sendResults(results: readonly Result[]): void {
    const { scope, faults } = this.#options;
    if (results.length === 0) return;
    const frame: ServerFrame["frame"] = { $case: "results", value: { results: [...results] } };
    if (faults.happens("late result", 80)) {
      scope.after(tooLateMs, "late results", () => this.#send(frame));
      return;
    }
    this.#send(frame);
    this.#over.push(...results.map(({ invocationId }) => invocationId));
    if (this.#creditBytes <= 0 || !faults.happens("result twice", 20)) return;
    this.#send({ $case: "results", value: { results: results.slice(0, 1) } });
    this.#creditBytes -= payloadBytes(results[0] as Result);
  }

  /** Keeps the eager states as a result without failure leaves them. [LEASE-5] */
  #keep({ invocation, self, spec, values }: Work, { failure, stateChanges }: Result): void {
    this.#kept.drop(self);
    if (failure !== undefined || !this.#kept.isAgreed) return;
    const after = new Map<string, Uint8Array | null>();
    for (const { name, lazy } of spec.states) if (!lazy) after.set(name, values.get(name) ?? null);
    for (const { state, value } of stateChanges) {
      const { name = "", lazy = true } = spec.states[state] ?? {};
      if (!lazy) after.set(name, value ?? null);
    }
    this.#kept.keep(self, invocation, after);
  }

  /** An answer to what was never asked, or is over. It would do harm if it counted. */
  #sendStray(): void {
    if (this.#creditBytes <= 0) return;
    const result = this.#maker.stray(this.#over);
    this.#creditBytes -= payloadBytes(result);
    this.#send({ $case: "results", value: { results: [result] } });
  }

  #violate(frame: ViolatingFrame | undefined): void {
    if (frame === undefined) return;
    this.#broken.add(frame.clause);
    if (this.#creditBytes <= 0) this.#broken.add("CREDIT-4");
    this.#options.log.add(`server ${this.#options.session}`, `breaks [${frame.clause}]`);
    // One that is late breaks nothing, and counts all the same.
    this.#creditBytes -= frame.payloadBytes;
    this.#options.send(frame.bytes);
  }

  #window(): { invocations: number; bytes: number } {
    const { random } = this.#options;
    return { invocations: random.pick([1, 3, 100]), bytes: random.pick([1, 500, 100_000]) };
  }

  #send(frame: ServerFrame["frame"]): void {
    this.#options.send(Buffer.from(ServerFrame.encode({ frame }).finish()));
  }
}
