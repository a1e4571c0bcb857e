import type { ServerCredentials } from "@grpc/grpc-js";
import type { GrpcService } from "@statewire/protos/lazy-service";
import { type AdminPorts, createAdminService } from "../admin/admin-service.js";
import type { Metrics } from "../admin/metrics.js";
import type { NodeView } from "../admin/node-view.js";
import type { IngressLimits } from "../codec/ingress-codec.js";
import { GrpcEgress } from "../egress/grpc/grpc-egress.js";
import type { SubscriptionSink } from "../egress/grpc/subscription-sink.js";
import { Admission, type AdmissionOptions } from "../ingress/admission.js";
import { createGrpcIngress } from "../ingress/grpc-ingress.js";
import { handleHttpIngress } from "../ingress/http-ingress.js";
import type { ExplainWaiting, IngressPort } from "../ingress/ingress-port.js";
import type { RequestCounters } from "../ingress/request-counters.js";
import { GrpcApi } from "./grpc-api.js";
import type { HostPort } from "./host-port.js";
import { HttpApi } from "./http-api.js";
import { createOperationsRoute } from "./operations-routes.js";
import { createPlaygroundServers, type PlaygroundOptions } from "./playground-servers.js";

export interface ApiOptions {
  readonly grpc: HostPort;
  readonly http: HostPort;
  readonly settings: ApiSettings;
  readonly view: NodeView;
  readonly metrics: Metrics;
  readonly port: IngressPort;
  readonly admin: AdminPorts;
  readonly counters: RequestCounters;
  readonly explainWaiting: ExplainWaiting;
  /** The sinks of kind statewire.grpc.v1/egress, by the name of their egress. */
  readonly subscriptions: ReadonlyMap<string, SubscriptionSink>;
  /** Further services, for example the gateway that function servers dial. */
  readonly services?: readonly GrpcService[];
  /** What module.yaml declares of StateFun's playground. */
  readonly playground?: PlaygroundOptions;
  readonly grpcCredentials: ServerCredentials;
}

/** The values of the settings with these names. */
export interface ApiSettings extends IngressLimits, AdmissionOptions {
  /** For function servers that dial in: the largest frame, in bytes. */
  readonly frameBytesMax: number;
  /** Messages of one SendStream that may wait for their acknowledgement. */
  readonly streamMessagesMax: number;
  /** How long a call by HTTP waits when it does not say, in milliseconds. */
  readonly callTimeoutMs: number;
}

/** What connections get to end by themselves when all requests are answered, in milliseconds. */
const lingerMs = 500;

/**
 * Everything that a node shows to the outside: its servers and what they serve.
 *
 * LIFE CYCLE: open() -> serve() -> drain() -> close(). From open() on it answers health, readiness,
 * metrics and inspection; ingress is refused as unavailable before serve() and after drain().
 */
export class Api {
  readonly #admission: Admission;
  readonly #egress: GrpcEgress;
  readonly #grpc: GrpcApi;
  readonly #http: HttpApi;
  readonly #playground: ReadonlyMap<string, HttpApi>;

  constructor(options: ApiOptions) {
    const { settings, view, metrics, counters, services = [], grpcCredentials } = options;
    const admission = new Admission(options.port, settings);
    const { explainWaiting } = options;
    const ingress = { ...settings, limits: settings, admission, counters, explainWaiting };
    this.#admission = admission;
    this.#egress = new GrpcEgress(options.subscriptions);
    this.#grpc = new GrpcApi({
      listen: options.grpc,
      services: [
        createGrpcIngress(ingress),
        this.#egress,
        createAdminService(view, options.admin),
        ...services,
      ],
      limits: settings,
      credentials: grpcCredentials,
    });
    this.#http = new HttpApi({
      listen: options.http,
      routes: [
        (request, response) => handleHttpIngress(request, response, ingress),
        createOperationsRoute(view, metrics),
      ],
    });
    const { playground } = options;
    this.#playground =
      playground === undefined ? new Map() : createPlaygroundServers(playground, ingress);
  }

  /** Listens on all addresses. @throws Error when one of them cannot be had; then on none. */
  async open(): Promise<void> {
    await this.#grpc.open();
    const opened: HttpApi[] = [];
    try {
      for (const server of this.#httpServers()) {
        await server.open();
        opened.push(server);
      }
    } catch (error) {
      await Promise.all([this.#grpc.close(0), ...opened.map((server) => server.close(0))]);
      throw error;
    }
  }

  /** Recovery is done: ingress is taken, the health service says so. */
  serve(): void {
    this.#admission.open();
    this.#grpc.setServing(true);
  }

  /** Refuses new requests, and waits until those that were taken are answered or the time is over. */
  async drain(timeLimitMs: number): Promise<void> {
    this.#grpc.setServing(false);
    for (const server of this.#httpServers()) server.stopListening();
    await this.#admission.close(timeLimitMs);
  }

  /** Ends every stream and connection. Drains first, without waiting, when nobody did. */
  async close(): Promise<void> {
    await this.drain(0);
    this.#egress.close();
    const servers = this.#httpServers();
    await Promise.all([
      this.#grpc.close(lingerMs),
      ...servers.map((server) => server.close(lingerMs)),
    ]);
  }

  #httpServers(): HttpApi[] {
    return [this.#http, ...this.#playground.values()];
  }

  get grpcAddress(): HostPort {
    return this.#grpc.address;
  }

  get httpAddress(): HostPort {
    return this.#http.address;
  }

  /** By what they are for: "ingress", "egress"; those that the module declares. */
  get playgroundAddresses(): ReadonlyMap<string, HostPort> {
    return new Map([...this.#playground].map(([name, { address }]) => [name, address]));
  }
}
