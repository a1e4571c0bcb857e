import {
  logVerbosity,
  Server,
  type ServerCredentials,
  type ServerInterceptingCall,
  type ServerInterceptor,
  type ServiceDefinition,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import { Health } from "@statewire/protos/health";
import type { GrpcService } from "@statewire/protos/lazy-service";
import { formatHostPort, type HostPort, listenError } from "./host-port.js";
import { createReflection } from "./reflection.js";

export interface GrpcApiOptions {
  readonly listen: HostPort;
  readonly services: readonly GrpcService[];
  /** The settings with these names; each service keeps its own, the server cuts at the larger. */
  readonly limits: { readonly requestBytesMax: number; readonly frameBytesMax: number };
  readonly credentials: ServerCredentials;
}

/** Pings every quiet client, so that one that is gone without a word is noticed. [KEEP-3] */
const keepaliveMs = 20_000;
const keepaliveTimeoutMs = 10_000;

/**
 * The gRPC server: the given services, server reflection and the standard health service. Health
 * is NOT_SERVING, for the server ("") and for each service, until setServing(true).
 */
export class GrpcApi {
  readonly #server: Server;
  readonly #health = new Health();
  readonly #serviceNames: readonly string[];
  readonly #credentials: ServerCredentials;
  #address: HostPort;

  constructor(options: GrpcApiOptions) {
    // It writes on stderr, in a form of its own, what its errors say as well.
    if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);
    this.#address = options.listen;
    this.#credentials = options.credentials;
    const { requestBytesMax, frameBytesMax } = options.limits;
    this.#server = new Server({
      "grpc.max_receive_message_length": Math.max(requestBytesMax, frameBytesMax),
      // Replies and state can be as large as what is taken, and a frame around it.
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": keepaliveMs,
      "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
      interceptors: [nameTheLimit(options.limits)],
    });
    const own = [this.#health.service, ...createReflection()];
    for (const { definition, implementation } of [...options.services, ...own]) {
      this.#server.addService(definition, implementation);
    }
    this.#serviceNames = ["", ...options.services.map(({ definition }) => serviceName(definition))];
    this.setServing(false);
  }

  /** Starts to listen. @throws Error when the address cannot be had. */
  async open(): Promise<void> {
    const { host } = this.#address;
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(formatHostPort(this.#address), this.#credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(listenError("gRPC", this.#address, error));
      });
    });
    this.#address = { host, port };
  }

  /** Where it listens; after open() with the port that it got. */
  get address(): HostPort {
    return this.#address;
  }

  /** What the health service says. */
  setServing(isServing: boolean): void {
    for (const name of this.#serviceNames) {
      this.#health.setStatus(name, isServing ? "SERVING" : "NOT_SERVING");
    }
  }

  /** Takes no new calls, waits for those that there are, and cuts them off after the time. */
  async close(timeLimitMs: number): Promise<void> {
    this.setServing(false);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeLimitMs);
    });
    const finished = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    await Promise.race([finished, late]);
    clearTimeout(timer);
    this.#server.forceShutdown();
  }
}

function serviceName(definition: ServiceDefinition): string {
  const [method] = Object.values(definition);
  return method?.path.split("/")[1] ?? "";
}

/**
 * A message above the limit is refused by the library, with both sizes but without the name of the
 * setting. That status does not pass interceptors, so it is caught where the library hands it out.
 */
function nameTheLimit(limits: GrpcApiOptions["limits"]): ServerInterceptor {
  return ({ path }, call) => {
    const sendStatus = call.sendStatus.bind(call);
    call.sendStatus = (outcome) => {
      if (outcome.code === status.RESOURCE_EXHAUSTED && outcome.details?.includes("larger than")) {
        const name = path.startsWith("/statewire.v1.FunctionGateway/")
          ? "frameBytesMax"
          : "requestBytesMax";
        sendStatus({ ...outcome, details: `${outcome.details}: ${name} ${limits[name]}` });
        return;
      }
      sendStatus(outcome);
    };
    // The call itself goes on: wrapping it would cost every message a layer of promises.
    return call as ServerInterceptingCall;
  };
}
