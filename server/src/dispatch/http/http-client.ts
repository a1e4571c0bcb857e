import type { Client } from "undici";
import type { HttpTarget } from "../../module/function-url.js";
import type { HostOverrides } from "../../module/host-overrides.js";
import type { HttpTransportSpec } from "../../module/module.js";
import { Connections } from "./connections.js";
import { createConnector } from "./http-connector.js";
import { type Exchange, ExchangeHandler, mediaType } from "./http-exchange.js";
import { readTls, type TlsContents } from "./http-tls.js";
import { loadUndici } from "./load-undici.js";

const headers: Readonly<Record<string, string>> = {
  "content-type": mediaType,
  accept: mediaType,
  "accept-encoding": "gzip, deflate",
  "user-agent": "statewire",
};

/** A request under way. */
export interface PendingExchange {
  readonly result: Promise<Exchange>;
  /** Gives it up; the result says why. */
  readonly abandon: ExchangeHandler["abandon"];
}

/** Posts to function servers, over connections that are kept. */
export class HttpClient {
  readonly #transport: HttpTransportSpec;
  readonly #hosts: HostOverrides;
  readonly #tls: TlsContents;
  readonly #places = new Map<string, Connections>();

  /** @throws Error when a TLS file cannot be read. */
  constructor(transport: HttpTransportSpec, hosts: HostOverrides) {
    this.#transport = transport;
    this.#hosts = hosts;
    this.#tls = readTls(transport.tls);
  }

  /** Never rejects: what the network does is a result, too. */
  post(target: HttpTarget, body: Uint8Array): PendingExchange {
    const { promise, resolve } = withResolver<Exchange>();
    const connections = this.#connectionsTo(target);
    const connection = connections.take();
    const handler = new ExchangeHandler(this.#transport.payloadBytesMax, (exchange) => {
      if (handler.isComplete) connections.give(connection);
      else connections.drop(connection);
      resolve(exchange);
    });
    const { path } = target;
    connection.client.dispatch({ method: "POST", path, headers, body }, handler);
    return { result: promise, abandon: (code, reason) => handler.abandon(code, reason) };
  }

  /** Cuts every connection. */
  close(): void {
    for (const connections of this.#places.values()) connections.close();
    this.#places.clear();
  }

  #connectionsTo(target: HttpTarget): Connections {
    const key = `${target.origin} ${target.socketPath ?? ""}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const { connectionTtlMs, connectTimeoutMs, readTimeoutMs } = this.#transport;
    const socket = target.socketPath === null ? {} : { socketPath: target.socketPath };
    // Shared, because it keeps TLS sessions.
    const connect = createConnector(
      { timeout: connectTimeoutMs, ...socket, ...this.#tls },
      this.#hosts,
    );
    const timeouts = { headersTimeout: readTimeoutMs ?? 0, bodyTimeout: readTimeoutMs ?? 0 };
    const undici = loadUndici();
    const create = (): Client =>
      new undici.Client(target.origin, { pipelining: 1, ...timeouts, connect });
    const connections = new Connections(connectionTtlMs, create);
    this.#places.set(key, connections);
    return connections;
  }
}

function withResolver<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
