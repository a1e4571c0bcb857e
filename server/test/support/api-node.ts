import { isDeepStrictEqual } from "node:util";
import { credentials, ServerCredentials } from "@grpc/grpc-js";
import { pino } from "pino";
import type { CheckpointPort } from "../../src/admin/checkpoint-port.js";
import { Metrics } from "../../src/admin/metrics.js";
import type {
  CheckpointView,
  EndpointView,
  IngressView,
  NodeView,
  ParkedView,
  StateView,
  StorageView,
} from "../../src/admin/node-view.js";
import { ParkedRequests } from "../../src/admin/parked-port.js";
import { Api, type ApiOptions, type ApiSettings } from "../../src/api/api.js";
import { formatHostPort } from "../../src/api/host-port.js";
import type { Command } from "../../src/core/command.js";
import { latencyBounds } from "../../src/core/function-type.js";
import { Histogram } from "../../src/core/histogram.js";
import { SubscriptionSink } from "../../src/egress/grpc/subscription-sink.js";
import { IngressRequests } from "../../src/ingress/ingress-port.js";
import { RequestCounters } from "../../src/ingress/request-counters.js";

/** Small enough that a test meets each of them. */
export const testSettings: ApiSettings = {
  valueBytesMax: 1000,
  idBytesMax: 40,
  requestBytesMax: 4000,
  frameBytesMax: 4000,
  admissionTimeoutMs: 10_000,
  admissionWaitingMax: 2,
  admissionBytesMax: 1500,
  streamMessagesMax: 4,
  callTimeoutMs: 10_000,
};

type Ingress = Extract<Command, { kind: "send" | "call" }>;
type Decision = Extract<Command, { kind: "retryParked" | "dropParked" }>;

type Listen = Pick<ApiOptions, "grpc" | "http">;

/**
 * The APIs of a node whose core is the test: what enters stands in `commands` until the test
 * answers it through `requests`, as the loop does. Real sockets, real port, real sinks.
 */
export class ApiNode {
  readonly commands: Ingress[] = [];
  readonly requests: IngressRequests;
  readonly decisions: Decision[] = [];
  /** Decisions wait in `decisions` until the test answers them through this. */
  readonly checkpoints: CheckpointPort = {
    create: () =>
      Promise.resolve({ number: 8, epoch: 42, kind: "delta", bytes: 100, durationMs: 12.3 }),
  };
  readonly parked = new ParkedRequests((command) => this.decide(command), pino({ enabled: false }));
  readonly counters = new RequestCounters();
  readonly sink = new SubscriptionSink("shop/out");
  /** Of the function type shop/order. */
  readonly latency = new Histogram(latencyBounds);
  readonly view: TestView;
  readonly metrics: Metrics;
  readonly api: Api;
  /** What happens with a command; by default it waits in `commands`. */
  handle: (command: Ingress) => void = () => undefined;
  /** What happens with an operator's decision. */
  decide: (command: Decision) => void = (command) => this.decisions.push(command);
  /** Why a call to an address waits. */
  explain: (address: string) => string = () => "";
  #watchers: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(settings: Partial<ApiSettings> = {}, listen: Partial<Listen> = {}) {
    this.requests = new IngressRequests(
      (command) => this.#submit(command as Ingress),
      () => 0,
    );
    this.view = createView(this);
    this.metrics = new Metrics(this.view);
    this.api = new Api({
      grpcCredentials: ServerCredentials.createInsecure(),
      grpc: { host: "127.0.0.1", port: 0 },
      http: { host: "127.0.0.1", port: 0 },
      ...listen,
      settings: { ...testSettings, ...settings },
      view: this.view,
      metrics: this.metrics,
      port: this.requests,
      admin: { parked: this.parked, checkpoints: this.checkpoints },
      counters: this.counters,
      explainWaiting: ({ typeName, id }) => this.explain(`${typeName}/${id}`),
      subscriptions: new Map([[this.sink.egress, this.sink]]),
    });
  }

  static async open(settings: Partial<ApiSettings> = {}): Promise<ApiNode> {
    const node = new ApiNode(settings);
    await node.api.open();
    node.api.serve();
    return node;
  }

  get grpcAddress(): string {
    return formatHostPort(this.api.grpcAddress);
  }

  get httpUrl(): string {
    return `http://${formatHostPort(this.api.httpAddress)}`;
  }

  /** Everything in the order of arrival, once so many have arrived. */
  async arrived(count: number): Promise<Ingress[]> {
    if (this.commands.length < count) {
      await new Promise<void>((resolve) => this.#watchers.push({ count, resolve }));
    }
    return this.commands;
  }

  /** From now on sends are durable at once, and calls are answered with their own message. */
  echo(): void {
    this.handle = (command) => {
      setImmediate(() => {
        const { request } = command;
        if (command.kind === "send") this.requests.acknowledged([{ request, duplicate: false }]);
        else this.requests.replied([{ request, value: command.message, failure: null }]);
      });
    };
  }

  #submit(command: Ingress): void {
    this.commands.push(command);
    this.handle(command);
    this.#watchers = this.#watchers.filter(({ count, resolve }) => {
      if (this.commands.length < count) return true;
      resolve();
      return false;
    });
  }
}

/** A view whose parts a test sets. */
export interface TestView extends NodeView {
  recovered: boolean;
  servers: EndpointView[];
  files: IngressView[];
  /** By "namespace/type", then by id, in order. */
  readonly states: Map<string, Map<string, StateView[]>>;
  /** In order. */
  parkedViews: ParkedView[];
}

const file: IngressView = {
  name: "shop/in",
  kind: "statewire.file.v1/ingress",
  position: 99,
  state: "running",
  reason: "",
};

const checkpoints: CheckpointView = {
  number: 7,
  epoch: 40,
  ageMs: 2500,
  reason: "",
  durationMs: 120,
  completed: 3,
  failures: 1,
  retries: 2,
  bytesWritten: 4096,
  objectsRemoved: 5,
  pendingBytes: 512,
};

const storage: StorageView = {
  epochDurable: 21,
  epochFolded: 20,
  journalBytes: 4096,
  journalSegments: 2,
  rowsExpired: 11,
};

function createView(node: ApiNode): TestView {
  return {
    version: "0.1.0",
    nodeId: "node-1",
    dataDirectory: "/data",
    recovered: true,
    servers: [],
    files: [file],
    states: new Map(),
    uptimeMs: () => 1234,
    isRecovered() {
      return this.recovered;
    },
    functionTypes: () => [
      {
        name: "shop/order",
        addressesActive: 3,
        latency: node.latency,
        counters: {
          messagesIn: 10,
          messagesToFunctions: 5,
          messagesToEgress: 2,
          failures: new Map([["function", 1]]),
          invocations: 9,
          waiting: 4,
          inFlight: 2,
          parked: 1,
          deadLetters: 1,
        },
      },
    ],
    endpoints() {
      return this.servers;
    },
    egresses: () => [
      {
        name: "shop/out",
        kind: "statewire.grpc.v1/egress",
        sequenceLast: 7,
        sequenceAcknowledged: 4,
        state: "retrying",
        reason: "connection refused",
      },
    ],
    ingresses() {
      return this.files;
    },
    storage: () => storage,
    checkpoints: () => checkpoints,
    timerCount: () => 6,
    isAccepting: () => node.requests.accepting(),
    pendingRequestCount: () => node.requests.pendingCount,
    requestCounts: () => node.counters.all(),
    readState(typeName, id) {
      const ofType = this.states.get(typeName);
      return ofType === undefined ? undefined : (ofType.get(id) ?? []);
    },
    listState(typeName, afterId) {
      const ofType = this.states.get(typeName);
      if (ofType === undefined) return;
      return [...ofType]
        .filter(([id]) => afterId === null || id > afterId)
        .map(([id, states]) => ({ id, states }));
    },
    ...parkedView,
  };
}

const parkedView: Pick<TestView, "parkedViews" | "parked" | "listParked"> = {
  parkedViews: [],
  parked(address) {
    return this.parkedViews.find((parked) => isDeepStrictEqual(parked.address, address));
  },
  listParked(typeName, after) {
    const at = this.parkedViews.findIndex(({ address }) => isDeepStrictEqual(address, after));
    const rest = this.parkedViews.slice(at + 1);
    if (typeName === null) return rest;
    const isKnown = typeName.startsWith("shop/") && typeName !== "shop/unknown";
    return isKnown ? rest.filter(({ address }) => address.typeName === typeName) : undefined;
  },
};

/** The credentials of every test's client. */
export const insecure = credentials.createInsecure();
