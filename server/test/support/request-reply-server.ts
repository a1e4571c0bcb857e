import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import {
  type ToFunction_InvocationBatchRequest as Batch,
  FromFunction,
  type FromFunction_InvocationResponse as Response,
  type FromFunction_PersistedValueSpec as Spec,
  ToFunction,
  type TypedValue,
} from "@statewire/protos/statefun/request-reply.js";

/** A StateFun function server whose every answer a test gives. */
export class RequestReplyServer {
  readonly url: string;
  readonly #server: Server;
  readonly #waiting: ReceivedRequest[] = [];
  readonly #takers: ((request: ReceivedRequest) => void)[] = [];
  #handler: ((request: ReceivedRequest) => void) | null = null;
  /** Connections that were opened so far. */
  connections = 0;

  /** Serves on a free port, or on a socket's path; over TLS with the options. */
  static async listen(
    options: {
      readonly port?: number;
      readonly socketPath?: string;
      readonly tls?: ServerOptions;
    } = {},
  ): Promise<RequestReplyServer> {
    const { port = 0, socketPath, tls } = options;
    const server = tls === undefined ? createServer() : createSecureServer(tls);
    const place = socketPath === undefined ? { port, host: "127.0.0.1" } : { path: socketPath };
    await new Promise<void>((resolve) => server.listen(place, resolve));
    const scheme = tls === undefined ? "http" : "https";
    const url =
      socketPath === undefined
        ? `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
        : `${scheme}+unix://${socketPath}`;
    return new RequestReplyServer(server, url);
  }

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    server.on("connection", () => this.connections++);
    server.on("request", async (request, response) => {
      const body = await buffer(request).catch(() => null);
      if (body === null) return;
      const { url: path = "", method = "", headers } = request;
      this.#receive(new ReceivedRequest({ path, method, headers, body }, response));
    });
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** The next request that no test has taken. */
  next(): Promise<ReceivedRequest> {
    const [first] = this.#waiting.splice(0, 1);
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Hands every request to the handler, those that wait first. */
  serve(handler: (request: ReceivedRequest) => void): void {
    this.#handler = handler;
    for (const request of this.#waiting.splice(0)) handler(request);
  }

  /** Requests that no test has taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Ends at once, with every connection. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #receive(request: ReceivedRequest): void {
    if (this.#handler !== null) {
      this.#handler(request);
      return;
    }
    const [taker] = this.#takers.splice(0, 1);
    if (taker === undefined) this.#waiting.push(request);
    else taker(request);
  }
}

interface RequestParts {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

export class ReceivedRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly batch: Batch;
  readonly #response: ServerResponse;

  constructor({ path, method, headers, body }: RequestParts, response: ServerResponse) {
    this.path = path;
    this.method = method;
    this.headers = headers;
    this.body = body;
    const { request } = ToFunction.decode(body);
    if (request === undefined) throw new Error("a request without an invocation");
    this.batch = request.value;
    this.#response = response;
  }

  /** "namespace/type/id" */
  get target(): string {
    const { namespace = "", type = "", id = "" } = this.batch.target ?? {};
    return `${namespace}/${type}/${id}`;
  }

  /** The inputs, as texts. */
  get texts(): string[] {
    return this.batch.invocations.map(({ argument }) => textOf(argument));
  }

  /** By name; null: there is none. */
  get states(): Record<string, string | null> {
    return Object.fromEntries(
      this.batch.state.map(({ stateName, stateValue }) => [
        stateName,
        stateValue === undefined ? null : textOf(stateValue),
      ]),
    );
  }

  /** Answers with what the function did. */
  respond(response: Partial<Response> = {}): void {
    this.respondWith(response, {});
  }

  /** As respond(), with another status or other headers. */
  respondWith(response: Partial<Response>, options: AnswerOptions): void {
    const value = responseOf(response);
    this.send(encode({ response: { $case: "invocationResult", value } }), options);
  }

  /** Answers that states are missing. */
  incomplete(...missingValues: Spec[]): void {
    const value = { missingValues };
    this.send(encode({ response: { $case: "incompleteInvocationContext", value } }));
  }

  send(body: Uint8Array, options: AnswerOptions = {}): void {
    const { status = 200, headers = { "content-type": "application/octet-stream" } } = options;
    this.#response.writeHead(status, headers);
    this.#response.end(body);
  }

  /** Cuts the connection; with a number, after so many bytes of an answer that announces more. */
  cut(bytes = -1): void {
    const { socket } = this.#response;
    if (bytes >= 0) {
      this.#response.writeHead(200, {
        "content-type": "application/octet-stream",
        "content-length": String(bytes + 10),
      });
      this.#response.write(Buffer.alloc(bytes), () => socket?.destroy());
      return;
    }
    socket?.destroy();
  }
}

/** A response of which only what it names is set. */
function responseOf(parts: Partial<Response>): Response {
  return {
    stateMutations: [],
    outgoingMessages: [],
    delayedInvocations: [],
    outgoingEgresses: [],
    ...parts,
  };
}

export function encode(message: FromFunction): Buffer {
  return Buffer.from(FromFunction.encode(message).finish());
}

/** A value of type example/text. */
export function text(value: string, typename = "example/text"): TypedValue {
  return { typename, hasValue: true, value: Buffer.from(value) };
}

export function textOf(value: TypedValue | undefined): string {
  return Buffer.from(value?.value ?? []).toString();
}

/** "namespace/type/id" */
export function address(written: string) {
  const [namespace = "", type = "", ...id] = written.split("/");
  return { namespace, type, id: id.join("/") };
}

/** The declaration of a state of type example/text. */
export function spec(stateName: string, parts: Partial<Spec> = {}): Spec {
  return { stateName, typeTypename: "example/text", expirationSpec: undefined, ...parts };
}

/** A state that is set to a text, or with null deleted. */
export function mutation(stateName: string, value: string | null, typename?: string) {
  return {
    stateName,
    mutationType: value === null ? 0 : 1,
    stateValue: value === null ? undefined : text(value, typename),
  } as const;
}
