import {
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { Health } from "@statewire/protos/health";
import type { DiscoverRequest, Welcome } from "@statewire/protos/statewire/v1/stream.js";
import { StatewireError } from "../errors.js";
import { createWelcome, protocolVersion } from "../session/handshake.js";
import { isAuthorized } from "./authorization.js";
import { FrameInbox } from "./frame-inbox.js";
import { keepalive } from "./keepalive.js";
import { functionServerService } from "./services.js";
import type { StreamHost } from "./stream-host.js";
import { createServerCredentials, type TlsOptions } from "./tls.js";

/** Where to listen, and who takes the streams. */
export interface GrpcServerOptions {
  /** "host:port"; port 0 takes a free one. */
  readonly address: string;
  readonly tls: TlsOptions | undefined;
  /** What calls have to carry, if anything. */
  readonly authorization: string | undefined;
  readonly host: StreamHost;
}

/** The port on which runtimes dial this process. */
export interface GrpcServer {
  /** "host:port" with the port that was bound. */
  readonly address: string;
  readonly port: number;
  /** Health says NOT_SERVING from here on, and new streams are refused. */
  stopAccepting(): void;
  /** Closes the port: what has ended says so to its peer, what has not is cut off soon. */
  close(): Promise<void>;
}

/** How a peer without the right `authorization` is answered. [TLS-2] */
const unknownPeer = {
  code: status.UNAUTHENTICATED,
  details: "the authorization is missing, or another one than this server expects",
} as const;

const serviceName = "statewire.v1.FunctionServer";

/**
 * Serves FunctionServer and grpc.health.v1.Health.
 *
 * @throws StatewireError `bind-failed` when the address cannot be bound.
 */
export async function openGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { host, authorization } = options;
  const server = new Server({
    "grpc.max_receive_message_length": host.offer.frameBytesMax,
    "grpc.max_send_message_length": -1,
    ...keepalive,
  });
  const health = new Health({ "": "SERVING", [serviceName]: "SERVING" });
  server.addService(health.service.definition, health.service.implementation);
  let accepting = true;
  server.addService(functionServerService, {
    discover: (
      call: ServerUnaryCall<DiscoverRequest, Welcome>,
      callback: sendUnaryData<Welcome>,
    ) => {
      if (isAuthorized(call.metadata, authorization)) {
        discover(host, call.request, callback);
      } else {
        callback(unknownPeer);
      }
    },
    connect: (call: ServerDuplexStream<Buffer, Buffer>) => {
      if (!isAuthorized(call.metadata, authorization)) {
        call.emit("error", unknownPeer);
      } else if (accepting) {
        connect(host, call);
      } else {
        call.emit("error", { code: status.UNAVAILABLE, details: "the function server drains" });
      }
    },
  });
  const port = await bind(server, options);
  return {
    port,
    address: `${options.address.slice(0, options.address.lastIndexOf(":"))}:${port}`,
    stopAccepting: () => {
      accepting = false;
      health.setStatus("", "NOT_SERVING");
      health.setStatus(serviceName, "NOT_SERVING");
    },
    close: () => shutDown(server),
  };
}

/** For the last frames and statuses; a tool that watches health stays connected for ever. */
const shutDownGraceMs = 1000;

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), shutDownGraceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

function bind(server: Server, options: GrpcServerOptions): Promise<number> {
  const credentials = createServerCredentials(options.tls);
  return new Promise((resolve, reject) => {
    server.bindAsync(options.address, credentials, (cause, port) => {
      if (cause === null) {
        resolve(port);
      } else {
        const message = `cannot listen on ${options.address}: ${describeBindError(cause.message)}`;
        // The message says all that the cause does, whose stack would be one of the library alone.
        reject(new StatewireError("bind-failed", message));
      }
    });
  });
}

/** The gRPC library wraps the system's error in words of its own. */
function describeBindError(text: string): string {
  const [, error = text] = /errors: \[(?:listen )?(.*)\]$/.exec(text) ?? [];
  if (!error.startsWith("EADDRINUSE")) {
    return error;
  }
  return "the port is in use, perhaps by another function server; give another one, or 0 for any free one";
}

function discover(
  host: StreamHost,
  request: DiscoverRequest,
  callback: sendUnaryData<Welcome>,
): void {
  if (!request.versions.includes(protocolVersion)) {
    callback({
      code: status.FAILED_PRECONDITION,
      details: `the caller speaks versions ${request.versions.join(", ")}, this server speaks ${protocolVersion}`,
    });
    return;
  }
  callback(
    null,
    createWelcome(host.offer, { leases: host.offer.leasedAddressesMax > 0, lazyState: true }),
  );
}

function connect(host: StreamHost, call: ServerDuplexStream<Buffer, Buffer>): void {
  const stream = host.open(call.getPeer(), {
    write: (frame) => call.write(frame),
    end: (error) => {
      if (error === undefined) {
        call.end();
      } else {
        const details = `${error.clause}: ${error.message}`;
        call.emit("error", { code: status.INVALID_ARGUMENT, details });
      }
    },
  });
  const inbox = new FrameInbox((frame) => stream.driver.receive(frame));
  call.on("data", (frame: Buffer) => inbox.push(frame));
  call.on("drain", () => stream.driver.resume());
  call.on("end", () => {
    inbox.flush();
    stream.driver.halfClosed();
  });
  const lost = (reason: string): void => {
    inbox.close();
    stream.lost(reason);
  };
  call.on("cancelled", () => lost("cancelled or lost"));
  call.on("close", () => lost("closed"));
  call.on("error", () => lost("failed"));
}
