import { StatewireError } from "./errors.js";
import type { AnyStatefulFunction } from "./function.js";
import { registerFunctions } from "./registered-function.js";
import { createTroubleReporter, type ServeEvent } from "./serve-event.js";
import { toFunctionSpec } from "./session/function-spec.js";
import type { SessionOptions } from "./session/session.js";
import { Attachment } from "./transport/attachment.js";
import { openGrpcServer } from "./transport/grpc-server.js";
import { StreamHost } from "./transport/stream-host.js";
import type { TlsOptions } from "./transport/tls.js";

/** How functions are served. At least one of `address` and `attachTo` is given. */
export interface ServeOptions {
  /** Where runtimes dial this process: "host:port"; port 0 takes a free one. */
  readonly address?: string;
  /** The gRPC address of a runtime that this process dials, for when it has no inbound port. */
  readonly attachTo?: string | readonly string[];
  /** TLS for both. Default: clear text, for trusted networks. */
  readonly tls?: TlsOptions;
  /**
   * The `authorization` metadata by which the two sides know each other, for example "Bearer " and a
   * secret: runtimes that dial must send it, and it is sent to those that are dialled. Use it with TLS.
   */
  readonly authorization?: string;
  /** Names this process in the runtime's logs. Default: "pid@" and the process id. */
  readonly name?: string;
  /** Invocations in flight per stream, at most. Default: 2048. */
  readonly inFlightMax?: number;
  /** Payload bytes in flight per stream, at most; one invocation may exceed it. Default: 64 MiB. */
  readonly inFlightBytesMax?: number;
  /** Addresses per stream whose state is kept between messages; 0: none. Default: 100,000. */
  readonly leasedAddressesMax?: number;
  /** Memory per stream for that state. Default: 64 MiB. */
  readonly leasedBytesMax?: number;
  /** The largest frame that a runtime may ask this process to receive. Default: 64 MiB. */
  readonly frameBytesMax?: number;
  /** How long `close` waits for what is in flight. Default: 30,000. */
  readonly drainTimeoutMs?: number;
  /**
   * What happens while serving. Default: failures and connection troubles as lines on stderr. It
   * must not throw.
   */
  readonly onEvent?: (event: ServeEvent) => void;
}

/** Functions that are being served. */
export interface FunctionServer {
  /** "host:port" where runtimes dial; `undefined` when this process only dials. */
  readonly address: string | undefined;
  /** The port of `address`. */
  readonly port: number | undefined;
  /**
   * Drains: asks the runtimes to send nothing more, lets what is in flight finish, and closes. What
   * is not finished in `drainTimeoutMs` is run again elsewhere. Later calls get the same promise.
   */
  close(): Promise<void>;
}

/** The version of this package, as in its package.json. */
export const sdkVersion = "0.1.0";

const defaults = {
  inFlightMax: 2048,
  inFlightBytesMax: 64 * 1024 * 1024,
  leasedAddressesMax: 100_000,
  leasedBytesMax: 64 * 1024 * 1024,
  frameBytesMax: 64 * 1024 * 1024,
  drainTimeoutMs: 30_000,
} as const;

/** PROTOCOL.md gives a handshake 10 seconds. [HELLO-9] */
const handshakeTimeoutMs = 10_000;

/**
 * Serves functions to Statewire runtimes, until `close`.
 *
 * @throws StatewireError `invalid-declaration` when the functions or options cannot be served,
 * `bind-failed` when the address cannot be bound. A runtime that is not there yet is no error: it is
 * dialled until it is.
 */
export async function serve(
  functions: readonly AnyStatefulFunction[],
  options: ServeOptions,
): Promise<FunctionServer> {
  const { address, attachTo = [], tls, authorization } = options;
  const runtimes = typeof attachTo === "string" ? [attachTo] : attachTo;
  if (address === undefined && runtimes.length === 0) {
    throw new StatewireError("invalid-declaration", "serve needs an address or attachTo");
  }
  const onEvent = options.onEvent ?? createTroubleReporter(writeLine, () => performance.now());
  const registered = registerFunctions(functions);
  const host = new StreamHost({
    functions: registered,
    session: createSessionOptions(registered.map(toFunctionSpec), options),
    handshakeTimeoutMs,
    onEvent,
  });
  const security = { tls, authorization };
  const server =
    address === undefined ? undefined : await openGrpcServer({ address, ...security, host });
  const attachments = runtimes.map(
    (runtime) => new Attachment({ address: runtime, ...security, host, onEvent }),
  );
  const close = async (): Promise<void> => {
    server?.stopAccepting();
    for (const attachment of attachments) {
      attachment.stop();
    }
    await host.drain(options.drainTimeoutMs ?? defaults.drainTimeoutMs);
    await server?.close();
    for (const attachment of attachments) {
      attachment.close();
    }
  };
  let closing: Promise<void> | undefined;
  return {
    address: server?.address,
    port: server?.port,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function createSessionOptions(
  functions: SessionOptions["offer"]["functions"],
  options: ServeOptions,
): SessionOptions {
  const leasedAddressesMax = options.leasedAddressesMax ?? defaults.leasedAddressesMax;
  return {
    offer: {
      sdkName: "statewire-sdk-ts",
      sdkVersion,
      serverName: options.name ?? `pid@${process.pid}`,
      functions,
      invocationsMax: options.inFlightMax ?? defaults.inFlightMax,
      payloadBytesMax: options.inFlightBytesMax ?? defaults.inFlightBytesMax,
      frameBytesMax: options.frameBytesMax ?? defaults.frameBytesMax,
      leasedAddressesMax,
    },
    leaseLimits: {
      addressesMax: leasedAddressesMax,
      bytesMax: options.leasedBytesMax ?? defaults.leasedBytesMax,
    },
  };
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`);
}
