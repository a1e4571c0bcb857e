import { type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import {
  EgressClient,
  type Record as EgressRecord,
  type RecordBatch,
  type SubscribeRequest,
} from "@statewire/protos/statewire/v1/egress.js";

/**
 * Receives the records of one egress and acknowledges each batch after `receive` has returned. A
 * record comes again only when this process ends in between.
 */
export class Subscription {
  /** Rejects when the stream breaks, or `receive` throws; resolves after close(). */
  readonly ended: Promise<void>;
  readonly #client: EgressClient;
  readonly #stream: ClientDuplexStream<SubscribeRequest, RecordBatch>;
  #closed = false;

  constructor(address: string, egress: string, receive: (record: EgressRecord) => void) {
    this.#client = new EgressClient(address, credentials.createInsecure());
    this.#stream = this.#client.subscribe();
    this.#stream.write({ request: { $case: "start", value: { egress, window: 0 } } });
    this.ended = this.#receiveAll(receive);
    // Whoever waits for it learns why; without a waiter it is not an unhandled rejection.
    this.ended.catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.#stream.cancel();
    this.#client.close();
  }

  async #receiveAll(receive: (record: EgressRecord) => void): Promise<void> {
    try {
      for await (const { records } of this.#stream as AsyncIterable<RecordBatch>) {
        for (const record of records) receive(record);
        const last = records.at(-1);
        if (last !== undefined) {
          this.#stream.write({ request: { $case: "acknowledge", value: last.sequence } });
        }
      }
    } catch (error) {
      if (!this.#closed) throw error;
    }
  }
}
