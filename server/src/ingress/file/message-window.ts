import type { IngressPort, SendOutcome, SendRequest } from "../ingress-port.js";

/** Between attempts to send to a function type that nobody serves yet. */
const retryMsFirst = 50;
const retryMsMax = 5000;

export interface MessageWindowOptions {
  readonly port: IngressPort;
  /** Messages that are not durable yet, at most. */
  readonly outstandingMax: number;
  /** Payload of these, in bytes; one message goes whatever its size. */
  readonly outstandingBytesMax: number;
  /** Ends every wait. */
  readonly signal: AbortSignal;
  /** Called with the sequence of a message that is durable. */
  readonly onDurable: (sequence: number) => void;
  /** Called with why sending waits, and with null when it goes on. */
  readonly onWaiting: (reason: string | null) => void;
}

/** How a message was taken by the window. */
export type Taken =
  | { readonly kind: "sent" }
  /** The signal was aborted before. */
  | { readonly kind: "closed" }
  | { readonly kind: "rejected"; readonly reason: string };

export interface NumberedRequest extends SendRequest {
  readonly once: { readonly kind: "sequence"; readonly source: string; readonly sequence: number };
}

/**
 * Gives one source's messages to the core in order, a bounded number at a time.
 *
 * A message that the core rejects leaves a gap behind the ones that it accepts after it, and a gap
 * is never filled again: the source's position has passed it. So the first message to a function
 * type goes alone: only when the core has accepted it do others follow (it does not reject a type
 * again that it has accepted), and when the type is not known the message is sent again until it is,
 * with nothing overtaking it.
 */
export class MessageWindow {
  readonly #options: MessageWindowOptions;
  readonly #knownTypes = new Set<string>();
  #outstanding = 0;
  #outstandingBytes = 0;
  #rejection: string | null = null;
  #isAskingPort = false;
  /** Ends the present wait, if there is one. */
  #wake: () => void = () => undefined;

  constructor(options: MessageWindowOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** Messages that are not durable yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /**
   * Sends a message when there is room.
   * @param mayBeUnknown Whether an unknown function type is the message's own fault: then it is
   * rejected instead of waiting for the type.
   * @throws Error when the core has rejected an earlier message that others may have overtaken.
   */
  async send(request: NumberedRequest, mayBeUnknown: boolean): Promise<Taken> {
    if (!this.#knownTypes.has(request.typeName)) return this.#introduce(request, mayBeUnknown);
    if (!this.#hasRoom()) await this.#whenRoom();
    if (this.#rejection !== null) throw new Error(this.#rejection);
    if (this.#options.signal.aborted) return { kind: "closed" };
    this.#submit(request, (outcome) => {
      if (outcome.kind === "rejected") this.#rejection ??= outcome.message;
    });
    return { kind: "sent" };
  }

  /**
   * Moves the source's position past what made no message, once everything before it is durable: a
   * message that the core rejects meanwhile must not be passed.
   * @throws Error when the core has rejected a message.
   */
  async advance(source: string, sequence: number): Promise<void> {
    await this.drain();
    if (this.#options.signal.aborted) return;
    this.#outstanding++;
    this.#options.port.advance({ source, sequence }, () => {
      this.#outstanding--;
      this.#options.onDurable(sequence);
      this.#wake();
    });
  }

  /**
   * Resolves when everything that was sent is durable, or the signal is aborted.
   * @throws Error when the core has rejected a message.
   */
  async drain(): Promise<void> {
    while (this.#outstanding > 0 && !this.#options.signal.aborted) await this.#change();
    if (this.#rejection !== null) throw new Error(this.#rejection);
  }

  async #introduce(request: NumberedRequest, mayBeUnknown: boolean): Promise<Taken> {
    const { signal, onWaiting } = this.#options;
    await this.drain();
    let retryMs = retryMsFirst;
    while (!signal.aborted) {
      if (!this.#hasRoom()) await this.#whenRoom();
      if (signal.aborted) break;
      const outcome = await this.#sendAlone(request);
      if (outcome === null) break;
      if (outcome.kind === "acknowledged") {
        this.#knownTypes.add(request.typeName);
        onWaiting(null);
        return { kind: "sent" };
      }
      if (outcome.code !== "notFound" || mayBeUnknown) {
        return { kind: "rejected", reason: outcome.message };
      }
      onWaiting(outcome.message);
      await this.#pause(retryMs);
      retryMs = Math.min(retryMs * 2, retryMsMax);
    }
    return { kind: "closed" };
  }

  /** Null: the signal was aborted before the answer. */
  async #sendAlone(request: NumberedRequest): Promise<SendOutcome | null> {
    const answer: { outcome: SendOutcome | null } = { outcome: null };
    this.#submit(request, (outcome) => {
      answer.outcome = outcome;
    });
    while (answer.outcome === null && !this.#options.signal.aborted) await this.#change();
    return answer.outcome;
  }

  #submit(request: NumberedRequest, done: (outcome: SendOutcome) => void): void {
    const bytes = request.message.value?.length ?? 0;
    this.#outstanding++;
    this.#outstandingBytes += bytes;
    this.#options.port.send(request, (outcome) => {
      this.#outstanding--;
      this.#outstandingBytes -= bytes;
      done(outcome);
      if (outcome.kind === "acknowledged") this.#options.onDurable(request.once.sequence);
      this.#wake();
    });
  }

  #hasRoom(): boolean {
    const { port, outstandingMax, outstandingBytesMax } = this.#options;
    const isFull =
      this.#outstanding >= outstandingMax || this.#outstandingBytes >= outstandingBytesMax;
    return !isFull && port.accepting();
  }

  async #whenRoom(): Promise<void> {
    const { port, signal, onWaiting } = this.#options;
    let isFull = false;
    while (!this.#hasRoom() && !signal.aborted && this.#rejection === null) {
      if (!port.accepting()) {
        if (!isFull) onWaiting("the node takes no more messages now");
        isFull = true;
        this.#askPort();
      }
      await this.#change();
    }
    if (isFull) onWaiting(null);
  }

  /** One question to the port at a time, however often the wait is interrupted. */
  #askPort(): void {
    if (this.#isAskingPort) return;
    this.#isAskingPort = true;
    void this.#options.port.whenAccepting().then(() => {
      this.#isAskingPort = false;
      this.#wake();
    });
  }

  /** Resolves at the next answer, when the port accepts again, or when the signal is aborted. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #pause(timeMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeMs);
      this.#wake = () => {
        if (!this.#options.signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
