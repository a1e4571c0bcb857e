import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { parseAddress } from "../core/address.js";
import { CommandError } from "./command-error.js";

/** An address of a function as the protocol has it. */
export interface WireAddress {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
}

/**
 * Reads NAMESPACE/TYPE/ID.
 * @throws CommandError
 */
export function readAddress(text: string): WireAddress {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new CommandError("usage", `"${text}" is not an address: expected NAMESPACE/TYPE/ID`);
  }
  const [namespace = "", type = ""] = address.typeName.split("/");
  return { namespace, type, id: address.id };
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

/** Connects to the node that listens at an address, for as long as `use` runs. */
export async function withNode<T>(
  listenAddress: string,
  use: (ask: Ask) => Promise<T>,
): Promise<T> {
  const node = dialAddress(listenAddress);
  const client = new Client(node, credentials.createInsecure());
  try {
    return await use((method, request, patience = defaultPatience(node)) =>
      askOnce({ client, node }, { method, request, patience }),
    );
  } finally {
    client.close();
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
  // "Any interface" is an address to listen at, not to dial.
  return listenAddress.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}

function describeError(error: ServiceError | null, node: string, { onTimeout }: Patience): string {
  if (error === null) return `${node} answered nothing`;
  if (error.code === status.DEADLINE_EXCEEDED) return onTimeout;
  const isUnreachable = /No connection established|ECONNREFUSED|ENOTFOUND|Name resolution failed/;
  if (error.code === status.UNAVAILABLE && isUnreachable.test(error.details)) {
    return `no node listens at ${node}: start one with "statewire run", or name another with --grpc`;
  }
  const code = status[error.code] ?? String(error.code);
  return `${code.toLowerCase().replaceAll("_", " ")}: ${error.details}`;
}
