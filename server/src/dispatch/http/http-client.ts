import { Pool } from "undici";
import type { HttpTarget } from "../../module/function-url.js";
import type { HostOverrides } from "../../module/host-overrides.js";
import type { HttpTransportSpec } from "../../module/module.js";
import { createConnector } from "./http-connector.js";
import { type Exchange, ExchangeHandler, mediaType } from "./http-exchange.js";
import { readTls, type TlsContents } from "./http-tls.js";

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

/** Posts to function servers, over connections that are kept: a pool for each place. */
export class HttpClient {
  readonly #transport: HttpTransportSpec;
  readonly #hosts: HostOverrides;
  readonly #tls: TlsContents;
  readonly #pools = new Map<string, Pool>();

  /** @throws Error when a TLS file cannot be read. */
  constructor(transport: HttpTransportSpec, hosts: HostOverrides) {
    this.#transport = transport;
    this.#hosts = hosts;
    this.#tls = readTls(transport.tls);
  }

  /** Never rejects: what the network does is a result, too. */
  post(target: HttpTarget, body: Uint8Array): PendingExchange {
    const { promise, resolve } = withResolver<Exchange>();
    const handler = new ExchangeHandler(this.#transport.payloadBytesMax, resolve);
    const { path } = target;
    this.#poolOf(target).dispatch({ method: "POST", path, headers, body }, handler);
    return { result: promise, abandon: (code, reason) => handler.abandon(code, reason) };
  }

  /** Cuts every connection. */
  close(): void {
    for (const pool of this.#pools.values()) void pool.destroy();
    this.#pools.clear();
  }

  #poolOf({ origin, socketPath }: HttpTarget): Pool {
    const key = socketPath === null ? origin : `${origin} ${socketPath}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const { connectTimeoutMs, readTimeoutMs, connectionTtlMs, connectionsMax } = this.#transport;
    const pool = new Pool(origin, {
      connections: connectionsMax,
      pipelining: 1,
      ...(connectionTtlMs === 0 ? {} : { clientTtl: connectionTtlMs }),
      headersTimeout: readTimeoutMs ?? 0,
      bodyTimeout: readTimeoutMs ?? 0,
      connect: createConnector(
        {
          timeout: connectTimeoutMs,
          ...(socketPath === null ? {} : { socketPath }),
          ...this.#tls,
        },
        this.#hosts,
      ),
    });
    this.#pools.set(key, pool);
    return pool;
  }
}

function withResolver<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
