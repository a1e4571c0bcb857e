import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type HostPort, listenError } from "./host-port.js";

export interface HttpApiOptions {
  readonly listen: HostPort;
  /** In order; each answers the request and says true, or leaves it alone and says false. */
  readonly routes: readonly HttpRoute[];
}

export type HttpRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Longer than the idle time of the usual clients and proxies: the side that closes races. */
const keepAliveTimeoutMs = 75_000;

/**
 * The HTTP server. node:http and routes of our own: a framework in between cost a quarter of the
 * requests per second (docs/decisions/0006-http-server.md).
 */
export class HttpApi {
  readonly #server: Server;
  #address: HostPort;
  /** Null while it listens. */
  #closed: Promise<void> | null = null;

  constructor(options: HttpApiOptions) {
    this.#address = options.listen;
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      if (this.#closed !== null) response.shouldKeepAlive = false;
      for (const route of options.routes) {
        if (route(request, response)) return;
      }
      respondJson(response, 404, { code: "NOT_FOUND", message: `no such path: ${request.url}` });
    };
    this.#server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, handle);
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
      this.#server.once("error", (error) => reject(listenError("HTTP", this.#address, error)));
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

/** Answers with a JSON body. */
export function respondJson(response: ServerResponse, httpStatus: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.statusCode = httpStatus;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", body.length);
  response.end(body);
}
