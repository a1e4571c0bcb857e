import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { RecordBatch } from "@statewire/protos/statewire/v1/egress.js";
import type { Decoded } from "../../codec/ingress-codec.js";
import { encodeRecordBatch, type SubscriberMessage } from "../../codec/subscription-codec.js";
import type { OutboxRecord } from "../../core/outbox.js";
import type { Subscriber, SubscriptionSink } from "./subscription-sink.js";

/** A batch ends with the record that passes this: a quarter of what gRPC clients take by default. */
const batchBytesMax = 1024 * 1024;

type Call = ServerDuplexStream<Decoded<SubscriberMessage>, RecordBatch>;

/**
 * One Subscribe stream: the start message first, then acknowledgements in and records out.
 *
 * INVARIANTS
 * - #sent - sink.acknowledged records are on their way, at most #window.
 * - Nothing is written while the stream's buffer is full, so a slow subscriber costs no memory.
 */
export class Subscription implements Subscriber {
  readonly #call: Call;
  readonly #sinks: ReadonlyMap<string, SubscriptionSink>;
  readonly #ended: (subscription: Subscription) => void;
  #sink: SubscriptionSink | null = null;
  #window = 0;
  #sent = 0;
  #isBlocked = false;
  #isOver = false;

  /** `ended` is called once, when the stream has ended in whatever way. */
  constructor(
    call: Call,
    sinks: ReadonlyMap<string, SubscriptionSink>,
    ended: (subscription: Subscription) => void,
  ) {
    this.#call = call;
    this.#sinks = sinks;
    this.#ended = ended;
    call.on("data", (message: Decoded<SubscriberMessage>) => this.#receive(message));
    call.on("end", () => this.#end());
    call.on("cancelled", () => this.#end());
  }

  wake(): void {
    this.#pump();
  }

  dismiss(reason: "taken-over" | "closed"): void {
    if (reason === "taken-over") {
      this.#fail(status.ABORTED, "a newer subscriber has taken over");
    } else {
      this.#fail(status.UNAVAILABLE, "the node is stopping");
    }
  }

  #receive(message: Decoded<SubscriberMessage>): void {
    if (this.#isOver) return;
    if (message.kind !== "ok") this.#fail(status.INVALID_ARGUMENT, message.message);
    else if (message.value.kind === "start") this.#start(message.value);
    else this.#acknowledge(message.value.sequence);
  }

  #start(start: { readonly egress: string; readonly window: number }): void {
    if (this.#sink !== null) {
      this.#fail(status.INVALID_ARGUMENT, "start comes once, as the first message");
      return;
    }
    const sink = this.#sinks.get(start.egress);
    if (sink === undefined) {
      const known = [...this.#sinks.keys()].sort().join(", ") || "none";
      this.#fail(status.NOT_FOUND, `unknown egress ${start.egress}; those of gRPC: ${known}`);
      return;
    }
    this.#sink = sink;
    this.#window = start.window;
    this.#sent = sink.acknowledged;
    sink.subscribe(this);
  }

  #acknowledge(sequence: number): void {
    if (this.#sink === null) {
      this.#fail(status.INVALID_ARGUMENT, "the first message is start, not an acknowledgement");
    } else if (sequence > this.#sent) {
      const reason = `acknowledged sequence ${sequence}, but only ${this.#sent} was sent`;
      this.#fail(status.INVALID_ARGUMENT, reason);
    } else {
      this.#sink.acknowledge(this, sequence);
      this.#pump();
    }
  }

  #pump(): void {
    const sink = this.#sink;
    while (sink !== null && !this.#isOver && !this.#isBlocked) {
      // What another subscriber acknowledged before this one came was never on this stream's way.
      this.#sent = Math.max(this.#sent, sink.acknowledged);
      const room = this.#window - (this.#sent - sink.acknowledged);
      if (room <= 0) return;
      const records = takeBytes(sink.after(this.#sent, room), batchBytesMax);
      const last = records.at(-1);
      if (last === undefined) return;
      this.#sent = last.sequence;
      if (!this.#call.write(encodeRecordBatch(records))) this.#block();
    }
  }

  #block(): void {
    this.#isBlocked = true;
    this.#call.once("drain", () => {
      this.#isBlocked = false;
      this.#pump();
    });
  }

  /** The subscriber has ended the stream, or lost it. */
  #end(): void {
    if (this.#isOver) return;
    this.#over();
    this.#call.end();
  }

  #fail(code: status, details: string): void {
    if (this.#isOver) return;
    this.#over();
    this.#call.emit("error", { code, details });
  }

  #over(): void {
    this.#isOver = true;
    this.#sink?.unsubscribe(this);
    this.#ended(this);
  }
}

/** The first records, up to the one with which their values pass so many bytes; at least one. */
function takeBytes(records: readonly OutboxRecord[], bytesMax: number): readonly OutboxRecord[] {
  let bytes = 0;
  const end = records.findIndex((record) => {
    bytes += record.value?.length ?? 0;
    return bytes >= bytesMax;
  });
  return end < 0 ? records : records.slice(0, end + 1);
}
