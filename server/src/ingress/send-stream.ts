import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type {
  Acknowledgement,
  SendStreamResponse,
} from "@statewire/protos/statewire/v1/ingress.js";
import type { Decoded, SendValues } from "../codec/ingress-codec.js";
import { type Admission, outside, type Visit } from "./admission.js";
import type { IngressPort, SendOutcome } from "./ingress-port.js";
import { type Refusal, refusalCodes, rejection } from "./refusal.js";
import type { MethodCounter } from "./request-counters.js";

/** One decoded frame of the stream. */
export type SendStreamFrame = Decoded<readonly Decoded<SendValues>[]>;

export interface SendStreamOptions {
  readonly admission: Admission;
  readonly counter: MethodCounter;
  /** Messages of one stream that may wait for their acknowledgement; above it nothing is read. */
  readonly streamMessagesMax: number;
}

type Call = ServerDuplexStream<SendStreamFrame, SendStreamResponse>;

/**
 * One SendStream call: messages in, their acknowledgements out, in order of arrival.
 *
 * INVARIANTS
 * - #slots[i] is the answer of message #first + i; undefined: not known yet.
 * - Frames are read only while the port accepts, fewer than streamMessagesMax messages wait, and
 *   the client takes what is written to it. One frame may pass the limit, by its own size.
 * - Acknowledgements that become known together (one epoch's) leave in one frame.
 */
export class SendStream implements Visit {
  place: number = outside;
  readonly #call: Call;
  readonly #options: SendStreamOptions;
  #port: IngressPort | null = null;
  #first = 0;
  readonly #slots: (Acknowledgement | undefined)[] = [];
  #isFlushPlanned = false;
  #isWriteBlocked = false;
  #isWaitingForPort = false;
  /** Nothing more is read: the client has ended, or the node is closing. */
  #isInputOver = false;
  /** What the stream ends with when all is acknowledged; null: success. */
  #finalRefusal: Refusal | null = null;
  #isOver = false;

  constructor(call: Call, options: SendStreamOptions) {
    this.#call = call;
    this.#options = options;
  }

  admitted(port: IngressPort): void {
    this.#port = port;
    this.#call.on("data", (frame: SendStreamFrame) => this.#receive(frame, port));
    this.#call.on("end", () => this.#endInput(null));
    this.#call.on("cancelled", () => this.#leave());
    this.#regulate();
  }

  refused(refusal: Refusal): void {
    this.#isOver = true;
    this.#call.emit("error", { code: refusalCodes[refusal.kind].grpc, details: refusal.message });
  }

  closing(): void {
    this.#endInput({ kind: "unavailable", message: "the node is stopping" });
  }

  #receive(frame: SendStreamFrame, port: IngressPort): void {
    if (this.#isInputOver || this.#isOver) return;
    if (frame.kind !== "ok") {
      this.#endInput(frame);
      return;
    }
    for (const message of frame.value) {
      const index = this.#first + this.#slots.length;
      this.#slots.push(undefined);
      if (message.kind === "ok") {
        port.send(message.value, (outcome) => this.#settle(index, outcome));
      } else {
        this.#answer(index, refusedAnswer(index, message));
        this.#options.counter.refused[message.kind]++;
      }
    }
    this.#regulate();
  }

  #settle(index: number, outcome: SendOutcome): void {
    if (this.#isOver) return;
    const { counter } = this.#options;
    if (outcome.kind === "acknowledged") {
      counter.succeeded++;
      this.#answer(index, { index, duplicate: outcome.duplicate, code: status.OK, error: "" });
    } else {
      counter.refused[outcome.code]++;
      this.#answer(index, refusedAnswer(index, rejection(outcome.code, outcome.message)));
    }
  }

  #answer(index: number, acknowledgement: Acknowledgement): void {
    this.#slots[index - this.#first] = acknowledgement;
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    // The loop tells all outcomes of an epoch in one go; a microtask runs after the last of them.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    if (this.#isOver) return;
    const acknowledgements = this.#takeAnswered();
    if (acknowledgements.length > 0 && !this.#call.write({ acknowledgements })) {
      this.#isWriteBlocked = true;
      this.#call.once("drain", () => {
        this.#isWriteBlocked = false;
        this.#regulate();
      });
    }
    if (this.#isInputOver) this.#endWhenAnswered();
    else this.#regulate();
  }

  /** The answers from the front up to the first that is not known yet. */
  #takeAnswered(): Acknowledgement[] {
    const answered: Acknowledgement[] = [];
    for (const slot of this.#slots) {
      if (slot === undefined) break;
      answered.push(slot);
    }
    this.#slots.splice(0, answered.length);
    this.#first += answered.length;
    return answered;
  }

  /** Decides whether the next frame is read. */
  #regulate(): void {
    const port = this.#port;
    if (port === null || this.#isInputOver || this.#isOver) return;
    const isFull = this.#slots.length >= this.#options.streamMessagesMax || this.#isWriteBlocked;
    if (!isFull && port.accepting()) {
      this.#call.resume();
      return;
    }
    this.#call.pause();
    if (!port.accepting() && !this.#isWaitingForPort) void this.#waitForPort(port);
  }

  async #waitForPort(port: IngressPort): Promise<void> {
    this.#isWaitingForPort = true;
    await port.whenAccepting();
    this.#isWaitingForPort = false;
    this.#regulate();
  }

  #endInput(finalRefusal: Refusal | null): void {
    if (this.#isInputOver) return;
    this.#isInputOver = true;
    this.#finalRefusal = finalRefusal;
    this.#call.pause();
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (this.#isOver || this.#slots.length > 0) return;
    this.#leave();
    if (this.#finalRefusal === null) this.#call.end();
    else this.refused(this.#finalRefusal);
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.admission.leave(this);
  }
}

function refusedAnswer(index: number, refusal: Refusal): Acknowledgement {
  const code = refusalCodes[refusal.kind].grpc;
  return { index, duplicate: false, code, error: refusal.message };
}
