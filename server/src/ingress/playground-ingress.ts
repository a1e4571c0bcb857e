import type { IncomingMessage, ServerResponse } from "node:http";
import { type IngressLimits, requestTooLarge, ViolationError } from "../codec/ingress-codec.js";
import { decodePlaygroundSend } from "../codec/playground-codec.js";
import { type Admission, outside, type Visit } from "./admission.js";
import { refuseHttp } from "./http-answer.js";
import { bufferedBytes } from "./http-ingress.js";
import type { IngressPort } from "./ingress-port.js";
import { type Refusal, rejection } from "./refusal.js";
import type { RequestCounters } from "./request-counters.js";

export interface PlaygroundIngressOptions {
  readonly admission: Admission;
  readonly limits: IngressLimits;
  readonly counters: RequestCounters;
}

/**
 * Answers a request to the playground's ingress: any method, /NAMESPACE/TYPE/ID, the message as body. The
 * answer comes when the message is durable. What StateFun says in a header "Status", 200 or 500, stands
 * there too; the status of HTTP is right on top.
 */
export function handlePlaygroundIngress(
  request: IncomingMessage,
  response: ServerResponse,
  options: PlaygroundIngressOptions,
): true {
  const visit = new PlaygroundVisit(request, response, options);
  options.admission.enter(visit, bufferedBytes(Number(request.headers["content-length"] ?? 0)));
  return true;
}

/** One request. STATES: waiting -> reading -> asked -> over. The client may go away in any of them. */
class PlaygroundVisit implements Visit {
  place: number = outside;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #options: PlaygroundIngressOptions;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: PlaygroundIngressOptions,
  ) {
    this.#request = request;
    this.#response = response;
    this.#options = options;
    // Also emitted after a response that has ended well.
    response.on("close", () => this.#disconnected());
  }

  admitted(port: IngressPort): void {
    this.#request.on("data", (chunk: Buffer) => this.#collect(chunk));
    this.#request.on("end", () => this.#ask(port));
  }

  refused(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.counters.playgroundSend.refused[refusal.kind]++;
    this.#response.setHeader("status", "500");
    refuseHttp(this.#request, this.#response, refusal);
  }

  #collect(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const { limits } = this.#options;
    if (this.#bytes > limits.requestBytesMax) this.#refuse(requestTooLarge(this.#bytes, limits));
  }

  #ask(port: IngressPort): void {
    if (this.#isOver) return;
    const { url = "", headers } = this.#request;
    const body = Buffer.concat(this.#chunks);
    try {
      const send = decodePlaygroundSend(url, headers, body, this.#options.limits);
      port.send(send, (outcome) => {
        if (this.#isOver) return;
        if (outcome.kind === "rejected") {
          this.#refuse(rejection(outcome.code, outcome.message));
          return;
        }
        this.#leave();
        this.#options.counters.playgroundSend.succeeded++;
        this.#response.writeHead(200, { status: "200", "content-length": "0" }).end();
      });
    } catch (error) {
      // Anything but a violation is a bug, and ends the process.
      if (!(error instanceof ViolationError)) throw error;
      this.#refuse({ kind: error.kind, message: error.message });
    }
  }

  #disconnected(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#options.counters.playgroundSend.cancelled++;
  }

  #refuse(refusal: Refusal): void {
    this.#options.admission.leave(this);
    this.refused(refusal);
  }

  #leave(): void {
    this.#isOver = true;
    this.#options.admission.leave(this);
  }
}
