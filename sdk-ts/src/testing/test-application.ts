import type { Result } from "@statewire/protos/statewire/v1/stream.js";
import { type Address, formatAddress } from "../address.js";
import type { Destination, MessageFor, ReplyOf } from "../context.js";
import type { Egress } from "../egress.js";
import { StatewireError } from "../errors.js";
import type { AnyStatefulFunction, StatefulFunction } from "../function.js";
import type { Accepts, SendableTo } from "../message.js";
import { registerFunctions } from "../registered-function.js";
import type { StateDeclarations } from "../state.js";
import type { Type } from "../type.js";
import { fromTypedValue, type TypedValue } from "../typed-value.js";
import { toTypedValue } from "./encode-message.js";
import { type LocalOutcome, runLocally, toAddress } from "./local-batch.js";
import { type Mailbox, Mailboxes, type MailboxMessage } from "./mailbox.js";
import { retryDelayMs } from "./retry-delay.js";
import { decodeRecord, type StateValues, toSent } from "./run-function.js";
import { SentMessage } from "./sent-message.js";
import { VirtualTimers } from "./virtual-timers.js";

/** How a {@link TestApplication} behaves. */
export interface TestApplicationOptions {
  /**
   * What happens when a handler throws. "throw" (default): `settle`, `advance` and `call` reject with
   * it, and the message is dropped. "retry": as in production, it is tried again after a growing time,
   * and its address is parked when that does not help.
   */
  readonly failures?: "throw" | "retry";
  /** With "retry": attempts at one message before its address is parked. Default: 10. */
  readonly attemptsMax?: number;
  /** The time at the start, in milliseconds. Default: 0. */
  readonly startMs?: number;
  /** Invocations within one `settle` before it gives up on an endless cycle. Default: 100,000. */
  readonly invocationsMax?: number;
}

/** An address that runs no more, and why. */
export interface ParkedAddress {
  readonly address: Address;
  readonly error: unknown;
}

/** What happens at a time: a delayed message is due, or a failed address may try again. */
type Due =
  | { readonly kind: "message"; readonly message: SentMessage }
  | { readonly kind: "retry"; readonly mailbox: Mailbox };

/**
 * A whole application in memory: functions, their state, and a runtime whose time stands still until
 * the test advances it.
 *
 *     const app = new TestApplication([cart, stock]);
 *     app.send(cart.at("alice"), { item: "tea" });
 *     await app.settle();
 *     await app.advance(60_000);
 *     app.egressRecords(receipts);
 *
 * Messages of one address are handled one after the other, in the order in which they were sent, and
 * those that wait together arrive as one batch, as in production. What is sent to a function that the
 * application does not have is kept for {@link messagesTo}.
 */
export class TestApplication {
  readonly #options: Required<TestApplicationOptions>;
  readonly #mailboxes: Mailboxes;
  readonly #undelivered: SentMessage[] = [];
  readonly #sent: SentMessage[] = [];
  readonly #records: { readonly egress: string; readonly record: TypedValue }[] = [];
  readonly #parked: ParkedAddress[] = [];
  #timers = new VirtualTimers<Due>();
  #nowMs: number;
  #failure: StatewireError | undefined;
  #runningCount = 0;
  #invocationCount = 0;
  #wake: () => void = () => undefined;

  /** @throws StatewireError `invalid-declaration` when the functions cannot be served together. */
  constructor(functions: readonly AnyStatefulFunction[], options: TestApplicationOptions = {}) {
    this.#options = {
      failures: "throw",
      attemptsMax: 10,
      startMs: 0,
      invocationsMax: 100_000,
      ...options,
    };
    this.#mailboxes = new Mailboxes(registerFunctions(functions));
    this.#nowMs = this.#options.startMs;
  }

  /** The virtual time, in milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Every message that functions sent, in order, delayed ones when they were scheduled. */
  get sent(): readonly SentMessage[] {
    return this.#sent;
  }

  /** Delayed messages that have not fired, in the order in which they will. */
  get delayed(): readonly { readonly dueMs: number; readonly message: SentMessage }[] {
    return this.#timers.pending.flatMap(({ dueMs, item }) =>
      item.kind === "message" ? [{ dueMs, message: item.message }] : [],
    );
  }

  /** Addresses that run no more. */
  get parked(): readonly ParkedAddress[] {
    return this.#parked;
  }

  /**
   * Puts a message into the target's mailbox, as an ingress does, or as `caller` does. It is handled
   * by the next `settle`, `advance` or `call`.
   */
  send<D extends Destination>(target: D, message: MessageFor<D>, caller?: Address): void {
    const value = toTypedValue(target.accepts, message);
    this.#deliver(new SentMessage({ target: plain(target), value, caller }));
  }

  /**
   * Sends a message and handles everything that comes of it, time apart; resolves with the reply, or
   * `undefined` when the function succeeded without one.
   *
   * @throws StatewireError `test-failed` when the function failed, or has not come to this message.
   */
  async call<
    Name extends string,
    States extends StateDeclarations,
    A extends Accepts,
    R extends Type<unknown> | undefined,
  >(
    declaration: StatefulFunction<Name, States, A, R>,
    id: string | Address,
    message: SendableTo<A>,
  ): Promise<ReplyOf<R> | undefined> {
    const target = locate(declaration, id);
    let outcome: { readonly reply: TypedValue | undefined } | undefined;
    const answered = (reply: TypedValue | undefined): void => {
      outcome = { reply };
    };
    const value = toTypedValue(declaration.accepts, message);
    this.#mailboxOf(target).push({ value, caller: undefined, answered });
    await this.settle();
    if (outcome === undefined) {
      throw new StatewireError("test-failed", `${formatAddress(target)} has not replied`);
    }
    const { reply } = outcome as { readonly reply: TypedValue | undefined };
    const { replies } = declaration.specification;
    return (
      reply === undefined || replies === undefined ? reply : fromTypedValue(replies, reply)
    ) as ReplyOf<R> | undefined;
  }

  /**
   * Handles messages until none is left that can be handled now, those with a delay of 0 included.
   *
   * @throws StatewireError `test-failed` for the first handler that threw, with what it threw as the
   * cause.
   */
  async settle(): Promise<void> {
    this.#invocationCount = 0;
    do {
      this.#startReady();
      while (this.#runningCount > 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#startReady();
      }
    } while (this.#fireDue(this.#nowMs));
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) {
      throw failure;
    }
  }

  /**
   * Lets virtual time pass: delayed messages fire at their time and in their order; everything that
   * comes of one moment is handled before the next.
   *
   * @throws as {@link settle}.
   */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await this.settle();
    while (this.#fireDue(untilMs)) {
      await this.settle();
    }
    this.#nowMs = untilMs;
  }

  /** The states of one instance; an expired one has no value. */
  state<
    Name extends string,
    States extends StateDeclarations,
    A extends Accepts,
    R extends Type<unknown> | undefined,
  >(declaration: StatefulFunction<Name, States, A, R>, id: string | Address): StateValues<States> {
    const mailbox = this.#mailboxOf(locate(declaration, id));
    return mailbox.state.decode(this.#nowMs) as StateValues<States>;
  }

  /** Writes states of one instance, as if it had written them now. */
  setState<
    Name extends string,
    States extends StateDeclarations,
    A extends Accepts,
    R extends Type<unknown> | undefined,
  >(
    declaration: StatefulFunction<Name, States, A, R>,
    id: string | Address,
    values: StateValues<States>,
  ): void {
    this.#mailboxOf(locate(declaration, id)).state.seed(values, this.#nowMs);
  }

  /** The records for one egress, in order. */
  egressRecords<T>(egress: Egress<T>): readonly T[] {
    return this.#records
      .filter((entry) => entry.egress === egress.name)
      .map(({ record }) => decodeRecord(egress, record));
  }

  /** Messages that arrived for an address that the application has no function for. */
  messagesTo(target: Address): readonly SentMessage[] {
    const name = formatAddress(target);
    return this.#undelivered.filter((message) => formatAddress(message.target) === name);
  }

  #deliver(message: SentMessage): void {
    const mailbox = this.#mailboxes.open(message.target);
    if (mailbox === undefined) {
      this.#undelivered.push(message);
    } else {
      mailbox.push({ value: message, caller: message.caller, answered: undefined });
    }
  }

  #mailboxOf(address: Address): Mailbox {
    const mailbox = this.#mailboxes.open(address);
    if (mailbox === undefined) {
      const name = formatAddress(address);
      throw new StatewireError("test-failed", `the application has no function for ${name}`);
    }
    return mailbox;
  }

  /** Moves time to what is due next, if that is by then, and lets it happen. */
  #fireDue(untilMs: number): boolean {
    const next = this.#timers.takeNext(untilMs);
    if (next === undefined) {
      return false;
    }
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    for (const due of next.items) {
      if (due.kind === "message") {
        this.#deliver(due.message);
      } else {
        this.#mailboxes.unblock(due.mailbox);
      }
    }
    return true;
  }

  #startReady(): void {
    for (
      let mailbox = this.#mailboxes.takeReady();
      mailbox !== undefined;
      mailbox = this.#mailboxes.takeReady()
    ) {
      this.#invocationCount++;
      if (this.#invocationCount > this.#options.invocationsMax) {
        throw new StatewireError(
          "test-failed",
          `not settled after invocationsMax ${this.#options.invocationsMax} invocations`,
        );
      }
      this.#start(mailbox);
    }
  }

  #start(mailbox: Mailbox): void {
    const messages = mailbox.takeBatch();
    this.#runningCount++;
    const run = {
      registered: mailbox.registered,
      target: mailbox.address,
      messages: messages.map((message) => ({
        ...message,
        wantsReply: message.answered !== undefined,
      })),
      state: mailbox.state,
      attempt: mailbox.attempt,
      nowMs: this.#nowMs,
    };
    runLocally(run, (outcome) => {
      this.#runningCount--;
      this.#finish(mailbox, messages, outcome);
      this.#wake();
    });
  }

  #finish(mailbox: Mailbox, messages: readonly MailboxMessage[], outcome: LocalOutcome): void {
    const result = outcome.batch.result();
    let { error } = outcome;
    let completed = result.failure?.completedInputs ?? messages.length;
    try {
      this.#apply(mailbox, result);
      answer(messages.slice(0, completed), result);
    } catch (refused) {
      // A refused result has no effects at all, as in production.
      error = refused;
      completed = 0;
    }
    if (error === undefined && result.failure === undefined) {
      this.#mailboxes.release(mailbox);
      return;
    }
    const failed = messages.slice(completed);
    this.#handleFailure(mailbox, failed, { error, result, first: completed === 0 });
  }

  /** All or nothing: timers may refuse, so they go first, on a copy. */
  #apply(mailbox: Mailbox, result: Result): void {
    const { address, state } = mailbox;
    const timers = this.#timers.copy();
    const scheduled: SentMessage[] = [];
    for (const { change } of result.timerChanges) {
      if (change?.$case === "cancel") {
        timers.cancel(address.id, change.value);
      } else if (change?.value.send !== undefined) {
        const { send, delayMs, cancellationToken: token } = change.value;
        const named = token === "" ? {} : { token };
        const message = new SentMessage({ ...toSent(send, address), delayMs, ...named });
        scheduled.push(message);
        timers.schedule({
          dueMs: this.#nowMs + delayMs,
          item: { kind: "message", message },
          scope: address.id,
          token,
        });
      }
    }
    this.#timers = timers;
    state.apply(result.stateChanges, this.#nowMs);
    for (const send of result.sends) {
      const message = new SentMessage(toSent(send, address));
      this.#sent.push(message);
      this.#deliver(message);
    }
    this.#sent.push(...scheduled);
    for (const { egress, typename, value } of result.egressRecords) {
      this.#records.push({ egress, record: { typename, value } });
    }
  }

  #handleFailure(
    mailbox: Mailbox,
    failed: readonly MailboxMessage[],
    failure: { readonly error: unknown; readonly result: Result; readonly first: boolean },
  ): void {
    const { error, result } = failure;
    if (this.#options.failures === "throw") {
      const message = error instanceof Error ? error.message : String(error);
      this.#failure ??= new StatewireError(
        "test-failed",
        `${formatAddress(mailbox.address)} failed: ${message}`,
        { cause: error },
      );
      mailbox.putBack(failed.slice(1), 0);
      this.#mailboxes.release(mailbox);
      return;
    }
    const attempt = failure.first ? mailbox.attempt + 1 : 1;
    mailbox.putBack(failed, attempt);
    if (result.failure?.retryable !== true || attempt >= this.#options.attemptsMax) {
      this.#parked.push({ address: mailbox.address, error });
      return;
    }
    const delayMs = Math.max(result.failure.retryAfterMs, retryDelayMs(attempt));
    this.#timers.schedule({
      dueMs: this.#nowMs + delayMs,
      item: { kind: "retry", mailbox },
      scope: "",
      token: "",
    });
  }
}

function answer(completed: readonly MailboxMessage[], result: Result): void {
  for (const [index, message] of completed.entries()) {
    const reply = result.replies.find(({ input }) => input === index);
    message.answered?.(reply && { typename: reply.typename, value: reply.value });
  }
}

function locate(declaration: AnyStatefulFunction, id: string | Address): Address {
  return typeof id === "string" ? toAddress(declaration.typeName, id) : plain(id);
}

function plain({ namespace, type, id }: Address): Address {
  return { namespace, type, id };
}
