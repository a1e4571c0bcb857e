import type {
  Hello,
  Invocation,
  InvocationBatch,
  ProtocolError,
  RuntimeFrame,
  Send,
  ServerFrame,
  StateReply,
} from "@statewire/protos/statewire/v1/stream.js";
import { StatewireError } from "../errors.js";
import { AddressBook, type AddressEntry, type LeaseLimits } from "./address-book.js";
import { Batch, type StateSlot } from "./batch.js";
import { type Flight, Flights, invocationPayloadBytes } from "./flight.js";
import { FunctionPlan } from "./function-plan.js";
import { negotiate, type ServerOffer } from "./handshake.js";
import { type InvocationRules, validateInvocation } from "./invocation-rules.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { ResultQueue } from "./result-queue.js";
import { TypeIndex } from "./type-index.js";

/** What a session wants done, in this order. */
export type SessionOutput =
  /** Send the frame. */
  | { readonly kind: "send"; readonly frame: ServerFrame }
  /** Run the batch; `Session.finish` takes it back. */
  | { readonly kind: "run"; readonly batch: Batch }
  /** The states that the batch asked for have been loaded into it: the oldest request is done. */
  | { readonly kind: "stateLoaded"; readonly batch: Batch }
  /** The runtime has given the batch up: nothing that it still does counts. */
  | { readonly kind: "giveUp"; readonly batch: Batch }
  /** End the stream, after what was sent before. */
  | {
      readonly kind: "end";
      readonly error: ProtocolError;
      readonly brokenBy: "runtime" | "server";
    };

/** What every session of one process offers, and how much state it keeps. */
export interface SessionOptions {
  readonly offer: ServerOffer;
  readonly leaseLimits: LeaseLimits;
}

/** What exists once the handshake is done. */
interface OpenSession extends InvocationRules {
  readonly plans: readonly FunctionPlan[];
  readonly book: AddressBook;
  readonly results: ResultQueue;
}

/**
 * The server's side of one stream: runtime frames in, server frames and batches out. It holds no
 * socket, clock or promise; the transport brings frames and the time.
 *
 *     handshaking --Hello--> open --ProtocolError sent or received--> ended
 *
 * Draining, by either side, is a property of open: it forbids new invocations and nothing else.
 *
 * Invariants: every batch that was given out by "run" is either taken back by `finish` once or given
 * up; a violation gives out none of its frame's batches; after "end" nothing is given out.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #flights = new Flights();
  #phase: "handshaking" | "open" | "ended" = "handshaking";
  #open: OpenSession | undefined;
  #runtimeDrains = false;
  #serverDrains = false;
  #lastInvocationId = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get phase(): "handshaking" | "open" | "ended" {
    return this.#phase;
  }

  /** The largest frame that may be received now; undefined: the transport's own limit holds. */
  get frameBytesMax(): number | undefined {
    return this.#open?.limits.frameBytesMax;
  }

  /** For the decoder of frames. */
  idOf(lease: number): string | undefined {
    return this.#open?.book.idOf(lease);
  }

  /** Invocations whose results are not queued yet. */
  get inFlightCount(): number {
    return this.#flights.count;
  }

  /** Results that wait to be sent. */
  get queuedCount(): number {
    return this.#open?.results.length ?? 0;
  }

  /** Whether the queued results fill a frame. */
  get fillsFrame(): boolean {
    return this.#open?.results.fillsFrame ?? false;
  }

  /** Takes a frame in. `nowMs` is any monotonic clock. */
  receive(frame: RuntimeFrame, nowMs: number): SessionOutput[] {
    if (this.#phase === "ended") {
      return [];
    }
    try {
      return this.#dispatch(frame, nowMs);
    } catch (error) {
      if (error instanceof ProtocolViolation) {
        return this.reject(error);
      }
      throw error;
    }
  }

  /** Ends the session for something that the runtime broke. */
  reject(violation: ProtocolViolation): SessionOutput[] {
    this.#phase = "ended";
    const error = { clause: violation.clause, message: violation.message };
    return [
      { kind: "send", frame: { frame: { $case: "error", value: error } } },
      { kind: "end", error, brokenBy: "runtime" },
    ];
  }

  /** Asks for a state that the batch has not read yet. */
  requestState(batch: Batch, state: number): SessionOutput[] {
    const { flight } = batch;
    if (flight === undefined || this.#phase === "ended") {
      return [];
    }
    this.#flights.ask(flight, [state]);
    return [stateRequest(batch.invocationId, [state], false)];
  }

  /** Takes a finished batch back and queues its result. One that was given up is dropped. */
  finish(batch: Batch): void {
    const open = this.#open;
    const { flight } = batch;
    if (open === undefined || flight === undefined) {
      return;
    }
    this.#flights.remove(flight);
    const leased =
      open.leases &&
      flight.leavesLease &&
      batch.failure === undefined &&
      flight.plan.hasEagerStates;
    open.book.close(
      flight.entry,
      leased ? { version: batch.invocationId, slots: batch.finalSlots() } : undefined,
    );
    const result = batch.result();
    for (const send of result.sends) {
      intern(send, open.types);
    }
    for (const { change } of result.timerChanges) {
      if (change?.$case === "schedule" && change.value.send !== undefined) {
        intern(change.value.send, open.types);
      }
    }
    open.results.push({
      result,
      payloadBytes: batch.payloadBytes(),
      encodedBytes: batch.encodedBytes,
      deadlineMs: flight.deadlineMs,
    });
  }

  /** The next frame of results; `undefined` when there are none, or no credit is left for them. */
  takeResults(nowMs: number): ServerFrame | undefined {
    if (this.#open === undefined || this.#phase === "ended") {
      return undefined;
    }
    const results = this.#open.results.takeFrame(nowMs);
    return results.length === 0 ? undefined : { frame: { $case: "results", value: { results } } };
  }

  /** Fails the batches whose time has passed, and queues their results. */
  expire(nowMs: number): Batch[] {
    const expired = this.#flights.all().filter(({ deadlineMs }) => nowMs >= deadlineMs);
    for (const { batch } of expired) {
      batch.failInput(
        new StatewireError(
          "timeout",
          `no result within the ${batch.timeoutMs} ms that it may take`,
        ),
      );
      this.finish(batch);
    }
    return expired.map(({ batch }) => batch);
  }

  /** Announces that this side wants to go. Call it when open. */
  drain(reason: string): SessionOutput[] {
    if (this.#phase !== "open" || this.#serverDrains) {
      return [];
    }
    this.#serverDrains = true;
    return [{ kind: "send", frame: { frame: { $case: "drain", value: { reason } } } }];
  }

  /** The stream is gone: the batches that still run, all of them given up. */
  abandon(): Batch[] {
    this.#phase = "ended";
    const flights = this.#flights.all();
    for (const flight of flights) {
      this.#flights.remove(flight);
      flight.batch.abandon();
    }
    return flights.map(({ batch }) => batch);
  }

  #dispatch({ frame }: RuntimeFrame, nowMs: number): SessionOutput[] {
    if (frame === undefined) {
      throw new ProtocolViolation("FRAME-1", "frame of an unknown kind or without any");
    }
    if (frame.$case === "error") {
      this.#phase = "ended";
      return [{ kind: "end", error: frame.value, brokenBy: "server" }];
    }
    if (frame.$case === "hello") {
      return this.#greet(frame.value);
    }
    const open = this.#open;
    if (open === undefined) {
      throw new ProtocolViolation("HELLO-1", `first frame is ${frame.$case}, expected hello`);
    }
    switch (frame.$case) {
      case "invocations":
        return this.#admitAll(open, frame.value, nowMs);
      case "stateReply":
        return this.#loadStates(frame.value);
      case "credit":
        open.results.addCredit(frame.value.bytes);
        return [];
      case "drain":
        this.#runtimeDrains = true;
        return [];
    }
  }

  #greet(hello: Hello): SessionOutput[] {
    if (this.#open !== undefined) {
      throw new ProtocolViolation("HELLO-10", "second Hello on the stream");
    }
    const { limits, welcome, leases } = negotiate(hello, this.#options.offer);
    this.#open = {
      limits,
      leases,
      types: new TypeIndex(welcome.functions.map((spec) => spec.typeName)),
      plans: welcome.functions.map((spec) => new FunctionPlan(spec)),
      book: new AddressBook(this.#options.leaseLimits),
      results: new ResultQueue(limits),
    };
    this.#phase = "open";
    return [{ kind: "send", frame: { frame: { $case: "welcome", value: welcome } } }];
  }

  #admitAll(open: OpenSession, batch: InvocationBatch, nowMs: number): SessionOutput[] {
    if (this.#runtimeDrains && batch.invocations.length > 0) {
      throw new ProtocolViolation("DRAIN-1", "invocations after Drain");
    }
    open.results.addCredit(batch.resultCreditBytes);
    for (const definition of batch.types) {
      open.types.define(definition);
    }
    const outputs: SessionOutput[] = [];
    for (const invocation of batch.invocations) {
      this.#admit(open, invocation, nowMs, outputs);
    }
    return outputs;
  }

  #admit(open: OpenSession, invocation: Invocation, nowMs: number, outputs: SessionOutput[]): void {
    const { invocationId, type, id, lease, timeoutMs } = invocation;
    if (invocationId <= this.#lastInvocationId) {
      throw new ProtocolViolation(
        "INVOKE-3",
        `invocation id ${invocationId} after ${this.#lastInvocationId}`,
      );
    }
    this.#lastInvocationId = invocationId;
    const functionIndex = open.types.functionOf(type);
    const plan = open.plans[functionIndex];
    if (plan === undefined) {
      throw new ProtocolViolation(
        "INVOKE-9",
        `invocation ${invocationId} has type index ${type}, which no table entry serves`,
      );
    }
    validateInvocation(invocation, plan, open);
    const entry = open.book.open(type, id, lease);
    this.#replaceRunning(entry, outputs);
    this.#validateWindow(plan, nowMs);
    const held = open.book.takeLease(entry, lease);
    const slots = initialSlots(plan, invocation, held);
    const batch = new Batch({
      invocation,
      typeName: open.types.typeNameOf(type),
      functionIndex,
      slots,
      lazyStates: plan.lazyStates,
      limits: open.limits,
      types: open.types,
    });
    const flight: Flight = {
      batch,
      entry,
      plan,
      payloadBytes: invocationPayloadBytes(invocation),
      receivedMs: nowMs,
      leavesLease: !invocation.noLease,
      deadlineMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : nowMs + timeoutMs,
      questions: undefined,
      previous: undefined,
      next: undefined,
    };
    entry.running = flight;
    this.#flights.add(flight);
    if (lease !== 0 && held === undefined) {
      this.#flights.ask(flight, "eager");
      outputs.push(stateRequest(invocationId, [], true));
    } else {
      outputs.push({ kind: "run", batch });
    }
  }

  /** An address that is still running has been given up, if its invocation had a time limit. */
  #replaceRunning(entry: AddressEntry, outputs: SessionOutput[]): void {
    const older = entry.running;
    if (older === undefined) {
      return;
    }
    const { batch } = older;
    if (batch.timeoutMs === 0) {
      throw new ProtocolViolation(
        "INVOKE-2",
        `invocation of an address whose invocation ${batch.invocationId} is in flight`,
      );
    }
    this.#flights.remove(older);
    batch.abandon();
    entry.running = undefined;
    outputs.push({ kind: "giveUp", batch });
  }

  #validateWindow(plan: FunctionPlan, nowMs: number): void {
    const { invocationsMax, payloadBytesMax } = this.#options.offer;
    const planIsFull = plan.inFlightMax !== 0 && plan.inFlight >= plan.inFlightMax;
    const countIsFull = this.#flights.count >= invocationsMax;
    const bytesAreFull = this.#flights.payloadBytes >= payloadBytesMax;
    if (!planIsFull && !countIsFull && !bytesAreFull) {
      return;
    }
    const certain = this.#flights.certain(nowMs);
    const ofPlan = certain.filter((flight) => flight.plan === plan).length;
    const bytes = certain.reduce((sum, flight) => sum + flight.payloadBytes, 0);
    if (planIsFull && ofPlan >= plan.inFlightMax) {
      throw new ProtocolViolation(
        "CREDIT-3",
        `more than in_flight_max ${plan.inFlightMax} in flight`,
      );
    }
    if (certain.length >= invocationsMax) {
      throw new ProtocolViolation("CREDIT-6", `more than ${invocationsMax} invocations in flight`);
    }
    if (bytes >= payloadBytesMax) {
      throw new ProtocolViolation(
        "CREDIT-7",
        `invocation while ${bytes} bytes are in flight, the window is ${payloadBytesMax} bytes`,
      );
    }
  }

  #loadStates({ invocationId, states }: StateReply): SessionOutput[] {
    const flight = this.#flights.asking(invocationId);
    const question = flight?.questions?.shift();
    if (flight === undefined || question === undefined) {
      return this.#takeStrayReply(invocationId);
    }
    flight.plan.validateReply(question, states);
    flight.batch.loadStates(states);
    return question === "eager"
      ? [{ kind: "run", batch: flight.batch }]
      : [{ kind: "stateLoaded", batch: flight.batch }];
  }

  /** A batch may end before its answer comes: by a timeout, or without waiting for it. */
  #takeStrayReply(invocationId: number): SessionOutput[] {
    const ended = invocationId <= this.#lastInvocationId && !this.#flights.has(invocationId);
    if (!ended) {
      throw new ProtocolViolation("LAZY-3", `state reply to invocation ${invocationId} unasked`);
    }
    return [];
  }
}

function initialSlots(
  plan: FunctionPlan,
  invocation: Invocation,
  held: StateSlot[] | undefined,
): StateSlot[] {
  if (invocation.lease === 0) {
    return plan.listedSlots(invocation.states);
  }
  return held === undefined ? plan.unreadSlots() : plan.leasedSlots(held);
}

function stateRequest(
  invocationId: number,
  states: number[],
  leaseMissing: boolean,
): SessionOutput {
  return {
    kind: "send",
    frame: { frame: { $case: "stateRequest", value: { invocationId, states, leaseMissing } } },
  };
}

/** Replaces a target's name by its index where the stream has one. */
function intern(send: Send, types: TypeIndex): void {
  const index = types.indexOf(send.typeName);
  if (index !== 0) {
    send.type = index;
    send.typeName = "";
  }
}
