import type { AnyStatefulFunction } from "../function.js";
import { HttpFunctions } from "./http-functions.js";
import type { HttpOptions } from "./http-options.js";
import { type HttpReply, refuseHead, refuseSize, textReply } from "./http-reply.js";
import { PayloadCollector } from "./payload-collector.js";

/** What is used of `http.IncomingMessage`; spelled out, so that nothing of Node is imported here. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly readableEnded: boolean;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  pause(): unknown;
}

/** What is used of `http.ServerResponse`. */
export interface NodeResponse {
  readonly writableFinished: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: Uint8Array): unknown;
  on(event: "close", listener: () => void): unknown;
}

/** A request whose body a framework has read already, and left in one of these. */
type ReadRequest = NodeRequest & { readonly rawBody?: unknown; readonly body?: unknown };

/**
 * Serves functions from `node:http`, or from a framework whose handlers take its request and response.
 * The path is not looked at.
 *
 *     createServer(createNodeHandler([cart, loyalty])).listen(8000);
 *
 * Where a framework has read the body already, it is taken from `request.rawBody` or `request.body`, as
 * bytes.
 *
 * @throws StatewireError `invalid-declaration` when the functions cannot be served.
 */
export function createNodeHandler(
  functions: readonly AnyStatefulFunction[],
  options: HttpOptions = {},
): (request: NodeRequest, response: NodeResponse) => void {
  const host = new HttpFunctions(functions, options);
  return (request, response) => {
    const gone = new AbortController();
    response.on("close", () => {
      if (!response.writableFinished) {
        gone.abort(new Error("the runtime has closed its connection"));
      }
    });
    void respond(host, request, gone.signal).then((reply) => {
      if (reply !== undefined && !gone.signal.aborted) {
        send(response, reply);
      }
    });
  };
}

async function respond(
  host: HttpFunctions,
  request: NodeRequest,
  signal: AbortSignal,
): Promise<HttpReply | undefined> {
  const { payloadBytesMax } = host.settings;
  const refusal = refuseHead(
    { method: request.method ?? "", header: (name) => firstOf(request.headers[name]) },
    payloadBytesMax,
  );
  if (refusal !== undefined) {
    return closing(refusal);
  }
  const body = bodyOf(request) ?? (await readBody(request, payloadBytesMax));
  if (body === undefined) {
    return undefined;
  }
  return body instanceof Uint8Array ? host.answer(body, signal) : body;
}

/** The body, why it is refused, or `undefined` when the connection is lost while it comes. */
function readBody(
  request: NodeRequest,
  payloadBytesMax: number,
): Promise<Uint8Array | HttpReply | undefined> {
  if (request.readableEnded) {
    return Promise.resolve(
      textReply(500, "the body was read before this handler; leave its bytes in request.rawBody"),
    );
  }
  const payload = new PayloadCollector(payloadBytesMax);
  return new Promise((resolve) => {
    request.on("data", (chunk) => {
      if (!payload.add(chunk)) {
        request.pause();
        resolve(closing(refuseSize(payload.length, payloadBytesMax)));
      }
    });
    request.on("end", () => resolve(payload.finish()));
    request.on("error", () => resolve(undefined));
  });
}

function bodyOf(request: ReadRequest): Uint8Array | undefined {
  return [request.rawBody, request.body].find((body) => body instanceof Uint8Array);
}

/** The rest of the body is not read, so the connection carries no other request. */
function closing(reply: HttpReply): HttpReply {
  return { ...reply, headers: { ...reply.headers, connection: "close" } };
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.[0];
}

function send(response: NodeResponse, { status, headers, body }: HttpReply): void {
  response.writeHead(status, { ...headers, "content-length": String(body.length) });
  response.end(body);
}
