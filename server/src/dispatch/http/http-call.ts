import { MalformedMessageError } from "../../codec/protobuf-message.js";
import { decodeFromFunction, type FunctionReply } from "../../codec/request-reply-decoder.js";
import { encodeToFunction, type NamedState } from "../../codec/request-reply-encoder.js";
import type { ResultLimits } from "../../codec/result-decoder.js";
import type { FailureCode, InvocationResult, StateSpec } from "../../core/command.js";
import type { Invocation, StateReply } from "../../core/effect.js";
import type { HttpTarget } from "../../module/function-url.js";
import type { HttpTransportSpec } from "../../module/module.js";
import type { HttpClient, PendingExchange } from "./http-client.js";
import type { ExchangeFailure } from "./http-exchange.js";
import { isTriedAgain, waitMsAfter } from "./retry-rules.js";

export interface HttpCallContext {
  readonly client: HttpClient;
  readonly transport: HttpTransportSpec;
  readonly limits: ResultLimits;
  /** The function declares states that it was not sent; resume() brings them. */
  readonly onIncomplete: (call: HttpCall, states: readonly StateSpec[]) => void;
  /** After every attempt: null when there was an answer, whatever it says. */
  readonly onAttempt: (call: HttpCall, failure: ExchangeFailure | null) => void;
  readonly onResult: (call: HttpCall, result: InvocationResult) => void;
}

/** What failed last, and whether another attempt could be of use. */
interface GivenUp {
  readonly code: FailureCode;
  readonly reason: string;
  readonly retryable: boolean;
}

/**
 * One invocation, as requests over HTTP: attempt after attempt, and once more for states that were
 * missing, within callTimeoutMs. It ends with exactly one result, unless it is cut.
 */
export class HttpCall {
  readonly invocation: number;
  readonly #invocation: Invocation;
  readonly target: HttpTarget;
  readonly #context: HttpCallContext;
  readonly #states: NamedState[];
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #attempts = 0;
  #isStopping = false;
  #isOver = false;
  #isExpired = false;
  #pending: PendingExchange | null = null;
  /** Ends the wait before the next attempt. */
  #wake: (() => void) | null = null;

  constructor(invocation: Invocation, target: HttpTarget, context: HttpCallContext) {
    this.invocation = invocation.invocation;
    this.#invocation = invocation;
    this.target = target;
    this.#context = context;
    this.#states = namedStates(invocation);
    this.#timer = setTimeout(() => this.#expire(), context.transport.callTimeoutMs);
  }

  /** Sends the invocation. Once. */
  start(): void {
    void this.#run();
  }

  /** The values of declared states: sends the same inputs again, with them. */
  resume({ states, fault }: StateReply): void {
    if (this.#isOver) return;
    if (fault !== undefined) {
      this.#fail({ code: "badState", reason: fault, retryable: false });
      return;
    }
    const { binding } = this.#invocation;
    for (const { state, value } of states) {
      const table = binding.states[state]?.table;
      if (table === undefined || this.#states.some((known) => known.state === state)) continue;
      this.#states.push({ state, name: table.name, typename: table.typename, value });
    }
    void this.#run();
  }

  /** The runtime stops: the attempt under way may end, and no other one begins. */
  stop(): void {
    this.#isStopping = true;
    this.#wake?.();
  }

  /** Ends the call without a result. */
  cut(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#wake?.();
    this.#pending?.abandon("streamLost", "the runtime has stopped");
  }

  async #run(): Promise<void> {
    const reply = await this.#ask();
    if (this.#isOver) return;
    switch (reply.kind) {
      case "incomplete":
        this.#context.onIncomplete(this, reply.states);
        break;
      case "result":
        this.#finish({ ...reply.effects, failure: null });
        break;
      case "refused":
        this.#fail({ code: "badResult", reason: reply.reason, retryable: false });
        break;
      default:
        this.#fail(reply);
    }
  }

  /** Attempt after attempt, until there is an answer or no time. */
  async #ask(): Promise<FunctionReply | ({ readonly kind: "givenUp" } & GivenUp)> {
    const { typeName, body } = this.#encode();
    const { payloadBytesMax, kind } = this.#context.transport;
    if (body.length > payloadBytesMax) {
      const reason = `request of ${body.length} bytes exceeds payload_max_bytes ${payloadBytesMax}`;
      return { kind: "givenUp", code: "function", reason, retryable: false };
    }
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#attempt(body);
      if (reply.kind !== "failed") return reply;
      const waitMs = waitMsAfter(kind, attempt);
      const again = isTriedAgain(kind, reply) && waitMs < this.#leftMs;
      if (again && this.#mayGoOn) await this.#wait(waitMs);
      if (again && this.#mayGoOn) continue;
      const { code, reason } = reply;
      return { kind: "givenUp", code, reason: this.#describe(typeName, reason), retryable: true };
    }
  }

  async #attempt(body: Uint8Array): Promise<FunctionReply | ExchangeFailure> {
    // The core may have taken what was left to answer with states.
    if (this.#isExpired) return this.#late;
    this.#attempts++;
    this.#pending = this.#context.client.post(this.target, body);
    const exchange = await this.#pending.result;
    this.#pending = null;
    const isUnanswered = exchange.kind === "failed" && exchange.isNetwork;
    this.#context.onAttempt(this, isUnanswered ? exchange : null);
    if (exchange.kind === "failed") return exchange;
    try {
      const { limits } = this.#context;
      return decodeFromFunction(exchange.body, { limits, states: this.#states });
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      const { message: reason } = error;
      return { kind: "failed", code: "protocolError", reason, status: 0, isNetwork: false };
    }
  }

  #encode(): { readonly typeName: string; readonly body: Uint8Array } {
    const { binding, id, messages } = this.#invocation;
    const typeName = binding.type.name;
    return { typeName, body: encodeToFunction({ typeName, id, messages, states: this.#states }) };
  }

  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Its time is over: the attempt under way is the last one. */
  #expire(): void {
    this.#isExpired = true;
    this.#wake?.();
    this.#pending?.abandon(this.#late.code, this.#late.reason);
  }

  get #late(): ExchangeFailure {
    const reason = `no answer within ${this.#context.transport.callTimeoutMs} ms`;
    return { kind: "failed", code: "timeout", reason, status: 0, isNetwork: true };
  }

  get #mayGoOn(): boolean {
    return !this.#isOver && !this.#isStopping && !this.#isExpired;
  }

  get #leftMs(): number {
    return this.#context.transport.callTimeoutMs - (performance.now() - this.#startedAt);
  }

  #describe(typeName: string, reason: string): string {
    const tries = this.#attempts === 1 ? "" : `, attempt ${this.#attempts}`;
    return `${typeName} at ${this.target.shown}: ${reason}${tries}`;
  }

  #fail({ code, reason: message, retryable }: GivenUp): void {
    this.#finish({
      ...noEffects,
      failure: {
        code,
        message,
        retryable,
        retryAfterMs: 0,
        completedInputs: 0,
        isOfBatch: code !== "overloaded",
      },
    });
  }

  #finish(outcome: Omit<InvocationResult, "invocation" | "refused">): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#context.onResult(this, { ...outcome, invocation: this.invocation, refused: null });
  }
}

const noEffects = {
  stateChanges: [],
  sends: [],
  timerChanges: [],
  egressRecords: [],
  replies: [],
} as const;

function namedStates({ binding, states }: Invocation): NamedState[] {
  // States that were declared meanwhile stand behind those of the invocation.
  return states.flatMap((value, at) => {
    const state = binding.eager[at];
    const table = state === undefined ? undefined : binding.states[state]?.table;
    if (state === undefined || table === undefined) return [];
    return [{ state, name: table.name, typename: table.typename, value }];
  });
}
