import {
  createServer,
  type IncomingMessage,
  maxHeaderSize,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { HttpRequest } from "../ingress/http-request.js";
import { type HostPort, listenError } from "./host-port.js";

export interface HttpApiOptions {
  /** What it is, where it cannot listen. Default: the HTTP API, whose address is a setting. */
  readonly name?: string;
  readonly listen: HostPort;
  /** In order; each answers the request and says true, or leaves it alone and says false. */
  readonly routes: readonly HttpRoute[];
}

export type HttpRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

const knownPaths =
  "POST /v1/send/NAMESPACE/TYPE/ID, POST /v1/call/NAMESPACE/TYPE/ID, GET /healthz, /readyz, /metrics";

/** Longer than the idle time of the usual clients and proxies: the side that closes races. */
const keepAliveTimeoutMs = 75_000;

/**
 * The HTTP server. node:http and routes of our own: a framework in between cost a quarter of the
 * requests per second (docs/decisions/0006-http-server.md).
 */
export class HttpApi {
  readonly #server: Server;
  readonly #name: string;
  #address: HostPort;
  /** Null while it listens. */
  #closed: Promise<void> | null = null;

  constructor(options: HttpApiOptions) {
    this.#address = options.listen;
    this.#name = options.name ?? "HTTP";
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      if (this.#closed !== null) response.shouldKeepAlive = false;
      for (const route of options.routes) {
        if (route(request, response)) return;
      }
      const message = `no such path: ${request.url}; known: ${knownPaths}`;
      respondJson(response, 404, { code: "NOT_FOUND", message });
    };
    this.#server = createServer(
      { IncomingMessage: HttpRequest, keepAliveTimeout: keepAliveTimeoutMs },
      handle,
    );
    this.#server.on("clientError", refuseUnreadable);
    // Whoever asks before sending a large body gets the refusal instead of the permission.
    this.#server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      // After a refusal nobody knows whether the body still comes.
      response.shouldKeepAlive = false;
      handle(request, response);
      if (!response.headersSent) response.writeContinue();
    });
  }

  /** Starts to listen. @throws Error when the address cannot be had. */
  async open(): Promise<void> {
    const { host, port } = this.#address;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenError(this.#name, this.#address, error)));
      this.#server.listen(port, host, resolve);
    });
    this.#address = { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** Where it listens; after open() with the port that it got. */
  get address(): HostPort {
    return this.#address;
  }

  /** Takes no new connections, closes idle ones; answers on the others say that they close. */
  stopListening(): void {
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** Resolves when every connection is closed: cut off after the time at the latest. */
  async close(timeLimitMs: number): Promise<void> {
    this.stopListening();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), timeLimitMs);
    await this.#closed;
    clearTimeout(timer);
  }
}

/** What reaches no route, because it is no request or does not end; node:http closes without a word. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = describeUnreadable(error.code);
  const body = `${JSON.stringify({ code: "INVALID_ARGUMENT", message })}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function describeUnreadable(code: string | undefined): readonly [status: number, message: string] {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return [431, `path and headers together exceed ${maxHeaderSize} bytes`];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return [408, "the request did not arrive in time"];
    default:
      return [400, `not a request of HTTP/1.1 (${code ?? "unreadable"})`];
  }
}

/** Answers with a JSON body. */
export function respondJson(response: ServerResponse, httpStatus: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.statusCode = httpStatus;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", body.length);
  response.end(body);
}
