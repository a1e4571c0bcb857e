import type { Client, ClientDuplexStream } from "@grpc/grpc-js";
import type { Fields } from "../protocol/protocol.js";
import { methodOf } from "../protocol/protocol.js";

const subscribe = methodOf("Egress", "Subscribe");

/** How long it waits before it subscribes again, in milliseconds. */
const retryMs = 100;

/**
 * The kit's subscription of the egress conformance/out, over restarts of the runtime: every record
 * once by its sequence, acknowledged as it comes.
 */
export class Subscription {
  readonly #records = new Map<number, Fields>();
  readonly #watchers = new Set<() => void>();
  #client: Client;
  #call: ClientDuplexStream<object, object> | undefined;
  #closed = false;

  constructor(client: Client) {
    this.#client = client;
    this.#open();
  }

  /** Goes on at another connection. */
  moveTo(client: Client): void {
    this.#client = client;
    this.#call?.cancel();
  }

  close(): void {
    this.#closed = true;
    this.#call?.cancel();
  }

  /** The records whose source's type begins with a text, once there are so many, or after the time. */
  async recordsOf(typePrefix: string, count: number, withinMs: number): Promise<readonly Fields[]> {
    const select = () => {
      const sorted = [...this.#records].sort(([a], [b]) => a - b).map(([, record]) => record);
      return sorted.filter((record) => {
        const source = (record["source"] ?? {}) as Fields;
        return String(source["type"] ?? "").startsWith(typePrefix);
      });
    };
    if (select().length < count) {
      await this.#changeWithin(withinMs, () => select().length >= count);
    }
    return select();
  }

  #open(): void {
    if (this.#closed) return;
    const call = this.#client.makeBidiStreamRequest(
      subscribe.path,
      subscribe.requestSerialize,
      subscribe.responseDeserialize,
    );
    this.#call = call;
    call.on("metadata", () => {
      this.#changed();
    });
    call.on("data", (batch: Fields) => this.#take(call, batch));
    call.on("error", () => undefined);
    call.on("status", () => {
      setTimeout(() => this.#open(), retryMs).unref();
    });
    call.write({ start: { egress: "conformance/out", window: 1000 } });
  }

  #take(call: ClientDuplexStream<object, object>, batch: Fields): void {
    let last = 0;
    for (const record of (batch["records"] ?? []) as readonly Fields[]) {
      last = Number(record["sequence"]);
      this.#records.set(last, record);
    }
    if (last > 0) call.write({ acknowledge: last });
    this.#changed();
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }

  #changeWithin(withinMs: number, holds: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const check = () => {
        if (holds()) finish(true);
      };
      const timer = setTimeout(() => finish(false), withinMs);
      const finish = (held: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve(held);
      };
      this.#watchers.add(check);
    });
  }
}
