import { setTimeout } from "node:timers/promises";
import { covers } from "../core/address.js";
import type { ClosedSession, SessionDispatch } from "../core/effect.js";
import type { EndpointSpec, GrpcEndpointSpec, HttpEndpointSpec } from "../module/module.js";
import { awaitedServers } from "./awaited-servers.js";
import { Endpoint } from "./endpoint.js";
import type { EndpointStatus } from "./endpoint-status.js";
import { Gateway } from "./gateway.js";
import { GatewayGuard } from "./gateway-guard.js";
import { HttpEndpoint } from "./http/http-endpoint.js";
import type { DispatchSession } from "./session.js";
import type { StreamOptions } from "./stream-options.js";

/** All sessions with function servers: streams, dialled and dialled in, and HTTP. */
export class Dispatcher {
  readonly #sessions = new Map<number, DispatchSession>();
  readonly #specs: readonly EndpointSpec[];
  readonly #endpoints: readonly (Endpoint | HttpEndpoint)[];
  readonly gateway: Gateway;

  /** @throws Error when a TLS file of an HTTP endpoint cannot be read. */
  constructor(specs: readonly EndpointSpec[], options: StreamOptions) {
    this.#specs = specs;
    const guard = new GatewayGuard(specs.filter(isGrpc));
    this.gateway = new Gateway({ options, sessions: this.#sessions, guard });
    const parts = { options, sessions: this.#sessions };
    this.#endpoints = specs.flatMap((spec): readonly (Endpoint | HttpEndpoint)[] => {
      if (!isGrpc(spec)) {
        return [this.#createHttpEndpoint(spec, exactNamesBeside(spec, specs), options)];
      }
      return spec.addresses.map((address) => new Endpoint(spec, address, parts));
    });
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
    const attached = this.gateway.statuses();
    const declared = this.#endpoints.map((endpoint) => endpoint.status());
    return [...declared, ...awaitedServers(this.#specs, attached), ...attached];
  }

  /** Sessions that have not ended. */
  get openCount(): number {
    return this.#sessions.size;
  }

  /** No new invocations anywhere; sessions end as they run empty. */
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

  #createHttpEndpoint(
    spec: HttpEndpointSpec,
    except: readonly string[],
    options: StreamOptions,
  ): HttpEndpoint {
    const onEnded = (): void => void this.#sessions.delete(endpoint.id);
    const endpoint: HttpEndpoint = new HttpEndpoint(spec, { options, except, onEnded });
    this.#sessions.set(endpoint.id, endpoint);
    return endpoint;
  }
}

function isGrpc(spec: EndpointSpec): spec is GrpcEndpointSpec {
  return spec.kind === "statewire.endpoints.v1/grpc";
}

/** Function types that a wildcard covers and another endpoint names: that one serves them. */
function exactNamesBeside(spec: HttpEndpointSpec, specs: readonly EndpointSpec[]): string[] {
  return specs
    .filter((other) => other !== spec)
    .flatMap(({ functions }) => functions)
    .filter((name) => !name.endsWith("/*"))
    .filter((name) => spec.functions.some((pattern) => covers(pattern, name)));
}
