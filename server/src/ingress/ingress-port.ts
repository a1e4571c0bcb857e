import type { Address } from "../core/address.js";
import type { AdvanceCommand, CallCommand, Command, SendCommand } from "../core/command.js";
import type { Acknowledged, Rejected, Replied } from "../core/effect.js";
import { PendingRequests } from "./pending-requests.js";

/** How a send ended. */
export type SendOutcome =
  | { readonly kind: "acknowledged"; readonly duplicate: boolean }
  | { readonly kind: "rejected"; readonly code: Rejected["code"]; readonly message: string };

/** How a call ended. */
export type CallOutcome =
  | { readonly kind: "replied"; readonly reply: Replied }
  | { readonly kind: "rejected"; readonly code: Rejected["code"]; readonly message: string };

export type SendRequest = Omit<SendCommand, "kind" | "request">;
export type CallRequest = Omit<CallCommand, "kind" | "request">;
export type AdvanceRequest = Omit<AdvanceCommand, "kind" | "request">;

/**
 * The one way for an ingress to give messages to the core, and to learn how they ended.
 *
 * CALLER: while accepting() is false, an ingress reads no further input, and asks whenAccepting();
 * a request that it makes all the same is served, but memory is no longer bounded by the node.
 *
 * CALLEE: `done` is called exactly once per request, after the order contract of core/effect.ts
 * allows it, never inside send() or call(). When the node stops, requests that are not answered are
 * never answered: the ingress ends them as unavailable.
 */
export interface IngressPort {
  send(request: SendRequest, done: (outcome: SendOutcome) => void): void;
  /** Moves a source's position without a message; it is never rejected. */
  advance(request: AdvanceRequest, done: (outcome: SendOutcome) => void): void;
  /** Returns the request's number, for abandon(). */
  call(request: CallRequest, done: (outcome: CallOutcome) => void): number;
  /** Nobody waits for the call any more: `done` is not called. Its message runs all the same. */
  abandon(request: number): void;
  /** The highest sequence of the source that is part of the node's history; 0 for a new source. */
  position(source: string): number;
  accepting(): boolean;
  whenAccepting(): Promise<void>;
}

/** Why a call that was taken has no reply yet, for people; empty when nobody knows. */
export type ExplainWaiting = (address: Address, request: number) => string;

/** What a caller is told whose time is over. */
export function timeoutMessage(timeoutMs: number, why: string): string {
  const because = why === "" ? "" : ` (${why})`;
  return `no reply within ${timeoutMs} ms${because}; the message runs all the same`;
}

type Done = (outcome: SendOutcome | CallOutcome) => void;

const acknowledged: SendOutcome = { kind: "acknowledged", duplicate: false };
const acknowledgedAgain: SendOutcome = { kind: "acknowledged", duplicate: true };

/** The port's other side: what the loop calls. */
export class IngressRequests implements IngressPort {
  readonly #submit: (command: Command) => void;
  readonly #position: (source: string) => number;
  readonly #pending = new PendingRequests<Done>();
  #accepting = true;
  #waiting: (() => void)[] = [];

  constructor(submit: (command: Command) => void, position: (source: string) => number) {
    this.#submit = submit;
    this.#position = position;
  }

  send(request: SendRequest, done: (outcome: SendOutcome) => void): void {
    const number = this.#pending.add(done as Done);
    // One by one: to copy what an object has makes the engine look at each name.
    const { typeName, id, message, traceparent, delayMs, once } = request;
    this.#submit({
      kind: "send",
      request: number,
      typeName,
      id,
      message,
      traceparent,
      delayMs,
      once,
    });
  }

  advance(request: AdvanceRequest, done: (outcome: SendOutcome) => void): void {
    const number = this.#pending.add(done as Done);
    this.#submit({ kind: "advance", request: number, ...request });
  }

  call(request: CallRequest, done: (outcome: CallOutcome) => void): number {
    const number = this.#pending.add(done as Done);
    this.#submit({ kind: "call", request: number, ...request });
    return number;
  }

  abandon(request: number): void {
    this.#pending.take(request);
  }

  position(source: string): number {
    return this.#position(source);
  }

  accepting(): boolean {
    return this.#accepting;
  }

  whenAccepting(): Promise<void> {
    if (this.#accepting) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Called by the loop when the node's backlog passes its limit, and when it is back below. */
  setAccepting(accepting: boolean): void {
    this.#accepting = accepting;
    if (!accepting) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  acknowledged(effects: readonly Acknowledged[]): void {
    for (const { request, duplicate } of effects) {
      this.#pending.take(request)?.(duplicate ? acknowledgedAgain : acknowledged);
    }
  }

  replied(effects: readonly Replied[]): void {
    for (const reply of effects) this.#pending.take(reply.request)?.({ kind: "replied", reply });
  }

  rejected(effects: readonly Rejected[]): void {
    for (const { request, code, message } of effects) {
      this.#pending.take(request)?.({ kind: "rejected", code, message });
    }
  }

  /** Requests that wait for an answer. */
  get pendingCount(): number {
    return this.#pending.size;
  }
}
