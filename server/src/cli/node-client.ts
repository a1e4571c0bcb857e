import {
  type ChannelCredentials,
  Client,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { describeGrpcProblem } from "../codec/grpc-problem.js";
import { clientCredentials, type GrpcTlsFiles } from "../codec/grpc-tls.js";
import { isFunctionTypeName, parseAddress } from "../core/address.js";
import type { Settings } from "../settings.js";
import { CommandError } from "./command-error.js";

/** An address of a function as the protocol has it. */
export interface WireAddress {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
}

/**
 * Reads NAMESPACE/TYPE/ID. The id may be empty: whatever has state can be looked at.
 * @throws CommandError
 */
export function readAddress(text: string): WireAddress {
  const address = parseAddress(text);
  if (address === undefined) {
    const lacksId = isFunctionTypeName(text.replace(/\/$/, ""));
    const problem = lacksId ? "is a function type without an id" : "is not an address";
    throw new CommandError("usage", `"${text}" ${problem}: expected NAMESPACE/TYPE/ID`);
  }
  const [namespace = "", type = ""] = address.typeName.split("/");
  return { namespace, type, id: address.id };
}

/**
 * Reads where a message goes. An empty id is legal, but on a command line it is a variable that is
 * not set.
 * @throws CommandError
 */
export function readTarget(text: string): WireAddress {
  const address = readAddress(text);
  if (address.id !== "") return address;
  throw new CommandError("usage", `"${text}" has an empty id: expected NAMESPACE/TYPE/ID`);
}

/** One unary method of the node: an entry of a generated service, or of one loaded at run time. */
export interface UnaryMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** How long a request waits, and what it means for the user when that was in vain. */
export interface Patience {
  readonly timeoutMs: number;
  readonly onTimeout: string;
}

/** Makes one request. @throws CommandError with a message for people. */
export type Ask = <Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  patience?: Patience,
) => Promise<Response>;

/** Connects to the node that has these settings, for as long as `use` runs. */
export async function withNode<T>(
  settings: Pick<Settings, "grpc" | keyof GrpcTlsFiles>,
  use: (ask: Ask) => Promise<T>,
): Promise<T> {
  const node = dialAddress(settings.grpc);
  const client = new Client(node, credentialsOf(settings));
  try {
    return await use((method, request, patience = defaultPatience(node)) =>
      askOnce({ client, node }, { method, request, patience }),
    );
  } finally {
    client.close();
  }
}

function credentialsOf(files: GrpcTlsFiles): ChannelCredentials {
  try {
    return clientCredentials(files);
  } catch (error) {
    throw new CommandError("usage", (error as Error).message, { cause: error });
  }
}

function askOnce<Request, Response>(
  { client, node }: { readonly client: Client; readonly node: string },
  call: {
    readonly method: UnaryMethod<Request, Response>;
    readonly request: Request;
    readonly patience: Patience;
  },
): Promise<Response> {
  const { method, request, patience } = call;
  const deadline = Date.now() + patience.timeoutMs;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      { deadline },
      (error, response) => {
        if (error === null && response !== undefined) return resolve(response);
        const message = describeError(error, node, patience);
        reject(new CommandError("failed", message, { cause: error }));
      },
    );
  });
}

const defaultTimeoutMs = 30_000;

function defaultPatience(node: string): Patience {
  return {
    timeoutMs: defaultTimeoutMs,
    onTimeout: `no answer from ${node} within ${defaultTimeoutMs} ms`,
  };
}

/** Where a client finds the node that listens at an address. */
function dialAddress(listenAddress: string): string {
  if (listenAddress.endsWith(":0")) {
    const message = `no node can be found at ${listenAddress}: --grpc needs the port that run printed`;
    throw new CommandError("usage", message);
  }
  // "Any interface" is an address to listen at, not to dial.
  return listenAddress.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}

function describeError(error: ServiceError | null, node: string, { onTimeout }: Patience): string {
  if (error === null) return `${node} answered nothing`;
  if (error.code === status.DEADLINE_EXCEEDED) {
    // A node that answers in time says what it waited for; else these are the library's words.
    return error.details.startsWith("Deadline exceeded") ? onTimeout : error.details;
  }
  if (isNoConnection(error)) return describeNoConnection(error.details, node);
  if (/^Received HTTP status code/.test(error.details)) return describeForeign(node, error.details);
  if (error.code === status.UNIMPLEMENTED) {
    return `${node} is a gRPC server, but no node that can do this: ${error.details}`;
  }
  const code = status[error.code] ?? String(error.code);
  return `${code.toLowerCase().replaceAll("_", " ")}: ${error.details}`;
}

/** A node that answers says UNAVAILABLE in words of its own. */
function isNoConnection({ code, details }: ServiceError): boolean {
  return (
    code === status.UNAVAILABLE && /^(No connection established|Name resolution)/.test(details)
  );
}

function describeNoConnection(details: string, node: string): string {
  if (details.includes("ECONNREFUSED")) {
    return `no node listens at ${node}: start one with "statewire run", or name another with --grpc`;
  }
  if (details.includes("Protocol error")) return describeForeign(node, "protocol error");
  return `cannot reach ${node} (--grpc): ${describeGrpcProblem(details)}`;
}

function describeForeign(node: string, reason: string): string {
  return `${node} does not speak gRPC (${reason}): --grpc needs a node's gRPC address, not its HTTP one`;
}
