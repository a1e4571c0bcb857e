import type { IncomingMessage, ServerResponse } from "node:http";
import {
  decodeHttpCall,
  decodeHttpSend,
  type HttpTarget,
  parseIngressPath,
  readTimeoutMs,
} from "../codec/http-request-codec.js";
import { type IngressLimits, requestTooLarge, ViolationError } from "../codec/ingress-codec.js";
import { type Admission, outside, type Visit } from "./admission.js";
import { refuseHttp, replyHttp } from "./http-answer.js";
import { type BodyReader, HttpRequest } from "./http-request.js";
import { type ExplainWaiting, type IngressPort, timeoutMessage } from "./ingress-port.js";
import { functionFailure, type Refusal, rejection } from "./refusal.js";
import type { MethodCounter, RequestCounters } from "./request-counters.js";

export interface HttpIngressOptions {
  readonly admission: Admission;
  readonly limits: IngressLimits;
  readonly counters: RequestCounters;
  /** How long a call without the header statewire-timeout waits, in milliseconds. */
  readonly callTimeoutMs: number;
  readonly explainWaiting: ExplainWaiting;
}

/** Answers a request for /v1/send or /v1/call. False: the path is another one. */
export function handleHttpIngress(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpIngressOptions,
): boolean {
  const url = request.url ?? "";
  const { counters, limits } = options;
  const counter = url.startsWith("/v1/call/") ? counters.httpCall : counters.httpSend;
  try {
    const target = parseIngressPath(url, limits);
    if (target === undefined) return false;
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      const message = `method ${request.method} is not POST`;
      refuseHttp(request, response, { kind: "invalid", message }, 405);
      counter.refused.invalid++;
      return true;
    }
    const declaredBytes = Number(request.headers["content-length"] ?? 0);
    if (declaredBytes > limits.requestBytesMax) throw requestTooLarge(declaredBytes, limits);
    const visit = new HttpVisit({ request, response, target, counter }, options);
    options.admission.enter(visit, bufferedBytes(declaredBytes));
    visit.waits();
  } catch (error) {
    const refusal = toRefusal(error);
    counter.refused[refusal.kind]++;
    refuseHttp(request, response, refusal);
  }
  return true;
}

/** What node:http reads of a body that nobody takes, about. */
const bufferedBytesMax = 64 * 1024;

/** What a request holds whose body is not read yet; 0: it does not say how long that is. */
export function bufferedBytes(declaredBytes: number): number {
  return declaredBytes > 0 ? Math.min(declaredBytes, bufferedBytesMax) : bufferedBytesMax;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: HttpTarget;
  readonly counter: MethodCounter;
}

/**
 * One request, from its head until its answer: the body is read when the node takes the request.
 *
 * STATES: waiting -> reading -> asked -> over. The client may go away in any of them.
 */
class HttpVisit implements Visit, BodyReader {
  place: number = outside;
  readonly #exchange: Exchange;
  readonly #options: HttpIngressOptions;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #port: IngressPort | null = null;
  #hasWaited = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #abandon: (() => void) | null = null;

  constructor(exchange: Exchange, options: HttpIngressOptions) {
    this.#exchange = exchange;
    this.#options = options;
    // Also emitted after a response that has ended well.
    exchange.response.on("close", () => this.#disconnected());
  }

  admitted(port: IngressPort): void {
    const { request } = this.#exchange;
    this.#port = port;
    if (!this.#hasWaited && request instanceof HttpRequest) {
      request.readTo(this);
    } else {
      request.on("data", (chunk: Buffer) => this.read(chunk));
      request.on("end", () => this.ended());
    }
  }

  /** The request has been handed out: some of its body may have come before it is admitted. */
  waits(): void {
    this.#hasWaited = true;
  }

  refused(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#over();
    const { request, response, counter } = this.#exchange;
    if (request instanceof HttpRequest) request.stopReading();
    counter.refused[refusal.kind]++;
    refuseHttp(request, response, refusal);
  }

  read(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const { limits } = this.#options;
    if (this.#bytes > limits.requestBytesMax) this.#refuse(requestTooLarge(this.#bytes, limits));
  }

  ended(): void {
    const port = this.#port;
    if (this.#isOver || port === null) return;
    const [first] = this.#chunks;
    const body =
      first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    try {
      if (this.#exchange.target.verb === "send") this.#send(port, body);
      else this.#call(port, body);
    } catch (error) {
      this.#refuse(toRefusal(error));
    }
  }

  #send(port: IngressPort, body: Buffer): void {
    const { request, response, target, counter } = this.#exchange;
    port.send(decodeHttpSend(target, request.headers, body, this.#options.limits), (outcome) => {
      if (this.#isOver) return;
      if (outcome.kind === "rejected") {
        this.#refuse(rejection(outcome.code, outcome.message));
        return;
      }
      this.#leave();
      counter.succeeded++;
      const answer = outcome.duplicate ? '{"duplicate":true}\n' : '{"duplicate":false}\n';
      const length = String(answer.length);
      response.writeHead(202, ["content-type", "application/json", "content-length", length]);
      response.end(answer);
    });
  }

  #call(port: IngressPort, body: Buffer): void {
    const { request, response, target, counter } = this.#exchange;
    const timeoutMs = readTimeoutMs(request.headers) ?? this.#options.callTimeoutMs;
    const values = decodeHttpCall(target, request.headers, body, this.#options.limits);
    const number = port.call(values, (outcome) => {
      if (this.#isOver) return;
      if (outcome.kind === "rejected") {
        this.#refuse(rejection(outcome.code, outcome.message));
      } else if (outcome.reply.failure !== null) {
        this.#refuse(functionFailure(outcome.reply.failure));
      } else {
        this.#leave();
        counter.succeeded++;
        replyHttp(response, outcome.reply.value, request.headers.accept);
      }
    });
    this.#abandon = () => port.abandon(number);
    this.#timer = setTimeout(() => this.#expire(number, timeoutMs), timeoutMs);
  }

  #expire(request: number, timeoutMs: number): void {
    const why = this.#options.explainWaiting(this.#exchange.target, request);
    this.#abandon?.();
    this.#refuse({ kind: "timeout", message: timeoutMessage(timeoutMs, why) });
  }

  #disconnected(): void {
    if (this.#isOver) return;
    this.#abandon?.();
    this.#leave();
    this.#exchange.counter.cancelled++;
  }

  #refuse(refusal: Refusal): void {
    this.#options.admission.leave(this);
    this.refused(refusal);
  }

  #leave(): void {
    this.#over();
    this.#options.admission.leave(this);
  }

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

/** Anything but a violation is a bug, and ends the process. */
function toRefusal(error: unknown): Refusal {
  if (error instanceof ViolationError) return { kind: error.kind, message: error.message };
  throw error;
}
