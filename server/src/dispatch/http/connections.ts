import type { Client } from "undici";

/** A connection, or one that is made with its first request. One request at a time. */
export interface Connection {
  readonly client: Client;
  readonly createdAtMs: number;
}

/**
 * Connections to one place that are kept: the one used last is used next. There are as many as there
 * were requests at a time, which the core limits.
 */
export class Connections {
  readonly #create: () => Client;
  /** Age at which one is not used again, in milliseconds; 0: none. */
  readonly #ttlMs: number;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];

  constructor(ttlMs: number, create: () => Client) {
    this.#ttlMs = ttlMs;
    this.#create = create;
  }

  take(): Connection {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!this.#isOld(idle)) return idle;
      this.drop(idle);
    }
    const connection = { client: this.#create(), createdAtMs: performance.now() };
    this.#open.add(connection);
    return connection;
  }

  /** Its request has had a whole answer. */
  give(connection: Connection): void {
    if (!this.#open.has(connection)) return;
    if (this.#isOld(connection)) this.drop(connection);
    else this.#idle.push(connection);
  }

  /** Cuts it, with whatever is under way. */
  drop(connection: Connection): void {
    this.#open.delete(connection);
    void connection.client.destroy();
  }

  close(): void {
    for (const connection of this.#open) this.drop(connection);
    this.#idle.length = 0;
  }

  #isOld({ createdAtMs }: Connection): boolean {
    return this.#ttlMs > 0 && performance.now() - createdAtMs > this.#ttlMs;
  }
}
