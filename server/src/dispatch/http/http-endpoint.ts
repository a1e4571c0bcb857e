import type { FunctionSpec, InvocationResult, StateSpec } from "../../core/command.js";
import type { Invocation, SessionDispatch } from "../../core/effect.js";
import { type HttpTarget, resolveUrl } from "../../module/function-url.js";
import type { HttpEndpointSpec } from "../../module/module.js";
import type { EndpointStatus } from "../endpoint-status.js";
import type { DispatchSession } from "../session.js";
import type { StreamOptions } from "../stream-options.js";
import { HttpCall, type HttpCallContext } from "./http-call.js";
import { HttpClient } from "./http-client.js";
import type { ExchangeFailure } from "./http-exchange.js";

/** Invocations of one endpoint in flight: StateFun's `statefun.async.max-per-task`. */
const invocationsMax = 32 * 1024;
/** Their payload, in bytes. */
const bytesMax = 64 * 1024 * 1024;

/**
 * The function servers of one HTTP endpoint, as one session of the core that lasts as long as the
 * node: HTTP has no stream that could be lost. What a request needs beyond the stream protocol is in
 * the open entry of its table.
 *
 *     attaching -> open -> draining -> closed
 */
export class HttpEndpoint implements DispatchSession {
  readonly id: number;
  readonly #spec: HttpEndpointSpec;
  readonly #options: StreamOptions;
  readonly #except: readonly string[];
  readonly #onEnded: () => void;
  readonly #client: HttpClient;
  readonly #context: HttpCallContext;
  readonly #calls = new Map<number, HttpCall>();
  /** By function type. */
  readonly #targets = new Map<string, HttpTarget | undefined>();
  /** URLs that could not be reached the last time, and why. */
  readonly #away = new Map<string, string>();
  #isAttached = false;
  #isClosed = false;
  #status: Pick<EndpointStatus, "state" | "reason">;

  /**
   * `except`: function types that other endpoints of the module name.
   * @throws Error when a TLS file cannot be read.
   */
  constructor(
    spec: HttpEndpointSpec,
    parts: {
      readonly options: StreamOptions;
      readonly except: readonly string[];
      readonly onEnded: () => void;
    },
  ) {
    this.id = parts.options.nextSession();
    this.#spec = spec;
    this.#options = parts.options;
    this.#except = parts.except;
    this.#onEnded = parts.onEnded;
    this.#client = new HttpClient(spec.transport, parts.options.hosts);
    this.#status = { state: "connecting", reason: "" };
    this.#context = {
      client: this.#client,
      transport: spec.transport,
      limits: parts.options.limits,
      onIncomplete: (call, states) => this.#declare(call, states),
      onAttempt: (call, failure) => this.#note(call.target, failure),
      onResult: (call, result) => {
        this.#calls.delete(call.invocation);
        this.#submitResult(result);
      },
    };
  }

  /** Offers the functions to the core. Nobody is dialled before there is an invocation. */
  connect(): void {
    const { functions, transport } = this.#spec;
    this.#options.submit({
      kind: "sessionAttached",
      session: this.id,
      functions: functions.map(
        (pattern): FunctionSpec => ({
          pattern,
          states: [],
          inFlightMax: transport.connectionsMax,
          batchMax: 0,
          open: { except: this.#except },
        }),
      ),
      window: { invocations: invocationsMax, bytes: bytesMax },
      leasesMax: 0,
    });
    this.#isAttached = true;
  }

  status(): EndpointStatus {
    const [away] = this.#away.values();
    const isAway = this.#status.state === "ready" && away !== undefined;
    return {
      endpoint: this.#spec.functions.join(" "),
      address: this.#spec.urlTemplate,
      ...(isAway ? { state: "backing-off", reason: away } : this.#status),
      sdk: "",
      functions: this.#spec.functions,
      session: this.#isClosed ? 0 : this.id,
    };
  }

  attached(): void {
    if (this.#status.state === "connecting") this.#change("ready", "");
  }

  dispatch({ invocations, stateReplies }: SessionDispatch): void {
    if (this.#isClosed) return;
    for (const reply of stateReplies) this.#calls.get(reply.invocation)?.resume(reply);
    for (const invocation of invocations) this.#call(invocation);
  }

  fail(clause: string, message: string): void {
    this.#change("rejected", `[${clause}]: ${message}`);
    this.close();
  }

  drain(reason: string): void {
    if (this.#isClosed || this.#status.state === "draining") return;
    this.#change("draining", reason);
    for (const call of this.#calls.values()) call.stop();
    if (this.#isAttached) {
      this.#options.submit({ kind: "sessionDraining", session: this.id });
    } else this.close();
  }

  end(): void {
    this.close();
  }

  /** Cuts what is left. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const call of this.#calls.values()) call.cut();
    this.#calls.clear();
    this.#client.close();
    this.#onEnded();
    if (this.#isAttached) this.#options.submit({ kind: "sessionDetached", session: this.id });
  }

  #call(invocation: Invocation): void {
    const typeName = invocation.binding.type.name;
    const target = this.#targetOf(typeName);
    if (target === undefined) {
      this.#submitResult(unreachable(invocation, this.#spec.urlTemplate));
      return;
    }
    const call = new HttpCall(invocation, target, this.#context);
    this.#calls.set(call.invocation, call);
    call.start();
  }

  #targetOf(typeName: string): HttpTarget | undefined {
    const known = this.#targets.get(typeName);
    if (known !== undefined) return known;
    const target = resolveUrl(this.#spec.urlTemplate, typeName);
    this.#targets.set(typeName, target);
    return target;
  }

  #declare({ invocation }: HttpCall, states: readonly StateSpec[]): void {
    if (this.#isClosed) return;
    this.#options.submit({ kind: "statesDeclared", session: this.id, invocation, states });
  }

  #submitResult(result: InvocationResult): void {
    if (this.#isClosed) return;
    this.#options.submit({ kind: "results", session: this.id, results: [result] });
  }

  /** A server that stays away is said to be so one time, not at every attempt. */
  #note({ shown }: HttpTarget, failure: ExchangeFailure | null): void {
    if (this.#isClosed || this.#status.state !== "ready") return;
    if (failure === null) {
      if (this.#away.delete(shown)) this.#log(shown, "ready", "");
    } else if (failure.code === "overloaded") {
      if (!this.#away.has(shown)) this.#log(shown, "backing-off", failure.reason);
      this.#away.set(shown, failure.reason);
    }
  }

  #change(state: EndpointStatus["state"], reason: string): void {
    this.#status = { state, reason };
    this.#log(this.#spec.urlTemplate, state, reason);
  }

  #log(endpoint: string, state: EndpointStatus["state"], reason: string): void {
    const { logger } = this.#options;
    const fields = { endpoint, functions: this.#spec.functions };
    if (state === "ready") logger.info(fields, "endpoint ready");
    else logger.warn({ ...fields, reason }, `endpoint ${state}`);
  }
}

/** A name of a function type makes something of the template that is no URL. */
function unreachable({ invocation, binding }: Invocation, template: string): InvocationResult {
  const message = `urlPathTemplate ${template} gives no URL for ${binding.type.name}`;
  const failure = { code: "function", message, retryable: false, isOfBatch: true } as const;
  return {
    invocation,
    stateChanges: [],
    sends: [],
    timerChanges: [],
    egressRecords: [],
    replies: [],
    failure: { ...failure, retryAfterMs: 0, completedInputs: 0 },
    refused: null,
  };
}
