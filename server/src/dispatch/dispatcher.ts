import { setTimeout } from "node:timers/promises";
import type { ClosedSession, SessionDispatch } from "../core/effect.js";
import type { GrpcEndpointSpec } from "../module/module.js";
import { Endpoint } from "./endpoint.js";
import type { EndpointStatus } from "./endpoint-status.js";
import { Gateway } from "./gateway.js";
import type { StreamOptions } from "./stream-options.js";
import type { StreamSession } from "./stream-session.js";

/** All streams to function servers, dialled and dialled in. */
export class Dispatcher {
  readonly #sessions = new Map<number, StreamSession>();
  readonly #endpoints: readonly Endpoint[];
  readonly gateway: Gateway;

  constructor(specs: readonly GrpcEndpointSpec[], options: StreamOptions) {
    this.gateway = new Gateway(options, this.#sessions);
    const parts = { options, sessions: this.#sessions };
    this.#endpoints = specs.flatMap((spec) =>
      spec.addresses.map((address) => new Endpoint(spec, address, parts)),
    );
  }

  /** Dials every endpoint. */
  start(): void {
    for (const endpoint of this.#endpoints) endpoint.connect();
  }

  /** The core serves these sessions' tables from now on. */
  attached(sessions: readonly number[]): void {
    for (const session of sessions) this.#sessions.get(session)?.attached();
  }

  dispatch(dispatches: readonly SessionDispatch[]): void {
    for (const dispatch of dispatches) this.#sessions.get(dispatch.session)?.dispatch(dispatch);
  }

  /** The core refuses these sessions. */
  refuse(closed: readonly ClosedSession[]): void {
    for (const { session, clause, message } of closed) {
      this.#sessions.get(session)?.fail(clause, message);
    }
  }

  /** Nothing is in flight on these any more. */
  end(drained: readonly number[]): void {
    for (const session of drained) this.#sessions.get(session)?.end();
  }

  statuses(): readonly EndpointStatus[] {
    return [...this.#endpoints.map((endpoint) => endpoint.status()), ...this.gateway.statuses()];
  }

  /** Sessions that have not ended. */
  get openCount(): number {
    return this.#sessions.size;
  }

  /** No new invocations anywhere; streams end as they run empty. */
  drain(reason: string): void {
    for (const endpoint of this.#endpoints) endpoint.drain(reason);
    this.gateway.drain(reason);
  }

  /** Resolves when no session is left, or after the time. */
  async whenEmpty(timeLimitMs: number): Promise<void> {
    const deadline = performance.now() + timeLimitMs;
    while (this.#sessions.size > 0 && performance.now() < deadline) await setTimeout(10);
  }

  /** Cuts what is left. */
  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
    this.gateway.close();
  }
}
