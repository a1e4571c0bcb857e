import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Fields } from "../protocol/protocol.js";
import { methodOf, rawMethod, runtimeFrame, serverFrame } from "../protocol/protocol.js";
import { FrameStream } from "../wire/frame-stream.js";
import type { Trace } from "../wire/trace.js";
import { acceptsConnections } from "./accepts.js";
import { freePort } from "./free-port.js";
import type { Answer } from "./function-server.js";
import { SubjectError, SubjectProcess } from "./subject-process.js";
import { Subscription } from "./subscription.js";
import type { Told } from "./told.js";

/** What a runtime under test is told, by environment; RUNTIME.md describes it. */
export const runtimeVariables = {
  /** Where its gRPC API has to listen: host:port. */
  api: "CONFORMANCE_API",
  /** An empty folder for its data, the same after a restart. */
  data: "CONFORMANCE_DATA",
} as const;

/** Makes what a stream is opened on. */
export type Gateway = (api: string, how?: ChannelCredentials) => Client;

/** How a stream is opened, where that is not as usual. */
export interface Dialler {
  readonly credentials?: ChannelCredentials;
  readonly metadata?: Metadata;
  /** host:port of what stands before the runtime. */
  readonly at?: string;
}

/** How long a subject may take until it accepts connections, in milliseconds. */
const startMsMax = 60_000;

const attach = rawMethod("FunctionGateway", "Attach");

/** The runtime under test, with what the kit uses of its API. */
export class Runtime {
  readonly #command: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), "statewire-conformance-"));
  readonly #api: string;
  #process: SubjectProcess;
  #client: Client;
  #restarting: Promise<void> = Promise.resolve();
  readonly #subscription: Subscription;
  readonly #told: Told;
  /** Where function servers dial in; another address stands between in tests of the kit. */
  readonly #gateway: Gateway;

  private constructor(command: readonly string[], api: string, told: Told, gateway: Gateway) {
    this.#command = command;
    this.#api = api;
    this.#told = told;
    this.#gateway = gateway;
    this.#process = this.#spawn();
    this.#client = createClient(api, told.credentials);
    this.#subscription = new Subscription(this.#client);
  }

  /** @throws SubjectError when it ends, or accepts no connection in time. */
  static async start(
    command: readonly string[],
    told: Told = { environment: {} },
    gateway: Gateway = createClient,
  ): Promise<Runtime> {
    const runtime = new Runtime(command, `127.0.0.1:${await freePort()}`, told, gateway);
    try {
      await runtime.#ready();
    } catch (error) {
      await runtime.stop();
      throw error;
    }
    return runtime;
  }

  get process(): SubjectProcess {
    return this.#process;
  }

  /** Where its API is: host:port. */
  get address(): string {
    return this.#api;
  }

  /** Opens a stream as a function server that dials in. */
  attach(name: string, trace: Trace, as: Dialler = {}): FrameStream {
    const client = this.#gateway(as.at ?? this.#api, as.credentials ?? this.#told.credentials);
    const call = client.makeBidiStreamRequest(
      attach.path,
      attach.requestSerialize,
      attach.responseDeserialize,
      as.metadata ?? new Metadata(),
    );
    const codec = { outgoing: serverFrame, incoming: runtimeFrame };
    return new FrameStream({ name, call: call as never, codec, trace });
  }

  /** A unary call of the API. */
  call(service: string, method: string, request: Fields, timeoutMs = 20_000): Promise<Answer> {
    const { path, requestSerialize, responseDeserialize } = methodOf(service, method);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error, answer) => resolve(answerOf(error, answer as Fields | undefined)),
      );
    });
  }

  /** What came out of the egress conformance/out. */
  get records(): Subscription {
    return this.#subscription;
  }

  /** Ends it by a signal, and starts it again on the same data. */
  restart(signal: NodeJS.Signals): Promise<void> {
    this.#restarting = this.#restart(signal);
    return this.#restarting;
  }

  /** Resolves when it runs again, should it be restarting: a case may fail in the middle of that. */
  async settled(): Promise<void> {
    await this.#restarting.catch(() => undefined);
  }

  async #restart(signal: NodeJS.Signals): Promise<void> {
    this.#process.kill(signal);
    await this.#process.exitWithin(30_000);
    this.#process = this.#spawn();
    this.#redial();
    await this.#ready();
  }

  async stop(): Promise<void> {
    this.#subscription.close();
    this.#client.close();
    await this.#process.stop(10_000);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #spawn(): SubjectProcess {
    return new SubjectProcess(this.#command, {
      ...this.#told.environment,
      [runtimeVariables.api]: this.#api,
      [runtimeVariables.data]: this.#directory,
    });
  }

  async #ready(): Promise<void> {
    const { startMs = startMsMax, credentials: how } = this.#told;
    // Whether it is TLS is for the case to find out.
    const ready =
      how === undefined ? () => isReady(this.#client) : () => acceptsConnections(this.#api);
    const untilMs = Date.now() + startMs;
    while (!(await ready())) {
      const { exit, output } = this.#process;
      if (exit !== undefined) throw new SubjectError(`the runtime ended with ${exit}\n${output}`);
      if (Date.now() <= untilMs) continue;
      const hint = `it has to serve its API on ${this.#api}, which ${runtimeVariables.api} tells it`;
      throw new SubjectError(`no connection after ${Math.round(startMs)} ms: ${hint}\n${output}`);
    }
    if (how !== undefined) this.#redial();
  }

  /** A channel that has failed waits before it tries again: a new one does not. */
  #redial(): void {
    this.#client.close();
    this.#client = createClient(this.#api, this.#told.credentials);
    this.#subscription.moveTo(this.#client);
  }
}

export function createClient(
  address: string,
  how: ChannelCredentials = credentials.createInsecure(),
): Client {
  return new Client(address, how, {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
    // Of a certificate's names one that is no address: TLS has no place for those. [RFC 6066]
    "grpc.ssl_target_name_override": "localhost",
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 200,
  });
}

function isReady(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    client.waitForReady(Date.now() + 250, (error) => resolve(error === undefined));
  });
}

function answerOf(error: ServiceError | null, answer: Fields | undefined): Answer {
  if (error === null) return { status: "OK", details: "", fields: answer ?? {} };
  const status = /^\d+ ([A-Z_]+)/.exec(error.message)?.[1] ?? error.message;
  return { status, details: error.details, fields: {} };
}
