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
import { type Answer, answerHandled, replyOf, textOf } from "./answer.js";
import { toTypedValue } from "./encode-message.js";
import {
  failureCodeOf,
  type RetryOptions,
  retryDefaults,
  retryDelayMs,
  toDeadLetter,
  unknownTypeError,
} from "./failure-policy.js";
import { type LocalOutcome, runLocally, toAddress } from "./local-batch.js";
import { type Mailbox, Mailboxes, type MailboxMessage } from "./mailbox.js";
import { type ParkedAddress, ParkedAddresses } from "./parked-addresses.js";
import { decodeRecord, type StateValues, toSent } from "./run-function.js";
import { SentMessage } from "./sent-message.js";
import type { TestApplicationOptions } from "./test-application-options.js";
import { VirtualTimers } from "./virtual-timers.js";

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
 * those that wait together arrive as one batch, as in production.
 */
export class TestApplication {
  readonly #options: Required<Omit<TestApplicationOptions, "retry">>;
  readonly #retry: Required<RetryOptions>;
  readonly #elsewhere: readonly string[];
  readonly #mailboxes: Mailboxes;
  readonly #undelivered: SentMessage[] = [];
  readonly #sent: SentMessage[] = [];
  readonly #records: { readonly egress: string; readonly record: TypedValue }[] = [];
  readonly #parked = new ParkedAddresses();
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
      elsewhere: [],
      startMs: 0,
      invocationsMax: 100_000,
      ...options,
    };
    this.#retry = { ...retryDefaults, ...options.retry };
    this.#elsewhere = this.#options.elsewhere.map(({ typeName }) => typeName);
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
    return this.#parked.all;
  }

  /**
   * Lets a parked address try again, as `statewire parked retry` does: the message that failed first.
   * It is handled by the next `settle`, `advance` or `call`.
   *
   * @throws StatewireError `test-failed` when it is not parked.
   */
  retryParked(target: Address): void {
    this.#parked.remove(target);
    const mailbox = this.#mailboxes.open(plain(target));
    if (mailbox === undefined) {
      // Nobody serves it now either.
      this.#failUnknown(plain(target));
      return;
    }
    mailbox.attempt = 0;
    this.#mailboxes.unblock(mailbox);
  }

  /**
   * Drops the message that an address is parked for, as `statewire parked drop` does: those behind it
   * go on.
   *
   * @throws StatewireError `test-failed` when it is not parked.
   */
  dropParked(target: Address): void {
    this.#parked.remove(target);
    const mailbox = this.#mailboxes.open(plain(target));
    if (mailbox !== undefined) {
      mailbox.takeFirst();
      this.#mailboxes.unblock(mailbox);
      return;
    }
    const [first, ...behind] = this.messagesTo(target);
    this.#undelivered.splice(this.#undelivered.indexOf(first as SentMessage), 1);
    if (behind.length > 0) {
      this.#failUnknown(plain(target));
    }
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
   * @throws StatewireError `test-failed` when the function failed, its address is parked, or it has not
   * come to this message.
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
    const name = formatAddress(target);
    if (this.#parked.has(target)) {
      throw new StatewireError("test-failed", `${name} is parked`);
    }
    let outcome: Answer | undefined;
    const answered = (answer: Answer): void => {
      outcome = answer;
    };
    const value = toTypedValue(declaration.accepts, message);
    this.#mailboxOf(target).push({ value, caller: undefined, answered });
    await this.settle();
    const reply = replyOf(name, outcome);
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
    if (mailbox !== undefined) {
      mailbox.push({ value: message, caller: message.caller, answered: undefined });
      return;
    }
    this.#undelivered.push(message);
    const { namespace, type } = message.target;
    const isElsewhere = [`${namespace}/${type}`, `${namespace}/*`].some((name) =>
      this.#elsewhere.includes(name),
    );
    if (!isElsewhere) {
      this.#failUnknown(message.target);
    }
  }

  /** Nobody would learn of a message that goes nowhere. A runtime parks its address. */
  #failUnknown(address: Address): void {
    const error = unknownTypeError(address);
    if (this.#options.failures === "throw") {
      this.#failure ??= error;
    } else {
      this.#parked.park({ address, code: "unknownType", error, attempts: 0 });
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
      answerHandled(messages.slice(0, completed), result);
    } catch (refused) {
      // A refused result has no effects at all, as in production.
      error = refused;
      completed = 0;
      if (messages.length > 1) {
        // The fault may be a later message's: the first one goes alone. [RESULT-11]
        mailbox.putBack(messages, mailbox.attempt);
        mailbox.isSingle = true;
        this.#mailboxes.unblock(mailbox);
        return;
      }
    }
    if (error === undefined && result.failure === undefined) {
      this.#mailboxes.release(mailbox);
      return;
    }
    const failed = messages.slice(completed);
    this.#handleFailure(mailbox, failed, { error, result, isFirst: completed === 0 });
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

  #handleFailure(mailbox: Mailbox, failed: readonly MailboxMessage[], failure: FailedRun): void {
    const { error, result } = failure;
    if (this.#options.failures === "throw") {
      const text = `${formatAddress(mailbox.address)} failed: ${textOf(error)}`;
      this.#failure ??= new StatewireError("test-failed", text, { cause: error });
      mailbox.putBack(failed.slice(1), 0);
      this.#mailboxes.release(mailbox);
      return;
    }
    const attempt = failure.isFirst ? mailbox.attempt + 1 : 1;
    if (attempt === 1) {
      mailbox.firstFailedAtMs = this.#nowMs;
    }
    mailbox.putBack(failed, attempt);
    const { attemptsMax } = this.#retry;
    const isExhausted = attemptsMax > 0 && attempt >= attemptsMax;
    if (result.failure?.retryable !== true || isExhausted) {
      this.#giveUp(mailbox, failure);
      return;
    }
    const delayMs = Math.max(result.failure.retryAfterMs, retryDelayMs(this.#retry, attempt));
    this.#timers.schedule({
      dueMs: this.#nowMs + delayMs,
      item: { kind: "retry", mailbox },
      scope: "",
      token: "",
    });
  }

  /** Parks the address, or sends the message to the dead letter egress and goes on. */
  #giveUp(mailbox: Mailbox, { error, result }: FailedRun): void {
    const { address, attempt: attempts, firstFailedAtMs } = mailbox;
    const code = failureCodeOf(result.failure);
    const { deadLetterEgress } = this.#retry;
    if (deadLetterEgress === undefined) {
      mailbox.first?.answered?.({ kind: "failed", error });
      this.#parked.park({ address, code, error, attempts });
      return;
    }
    const message = mailbox.takeFirst();
    if (message !== undefined) {
      const failed = { code, error: result.failure?.message ?? textOf(error), attempts };
      const times = { firstFailedAtMs, lastFailedAtMs: this.#nowMs };
      const letter = { ...toDeadLetter(address, message), ...failed, ...times };
      this.#records.push({
        egress: deadLetterEgress.name,
        record: toTypedValue(deadLetterEgress.type, letter),
      });
      message.answered?.({ kind: "failed", error });
    }
    this.#mailboxes.release(mailbox);
  }
}

/** A run that failed, and what was thrown. */
interface FailedRun {
  readonly error: unknown;
  readonly result: Result;
  /** The first message of the batch has failed. */
  readonly isFirst: boolean;
}

function locate(declaration: AnyStatefulFunction, id: string | Address): Address {
  return typeof id === "string" ? toAddress(declaration.typeName, id) : plain(id);
}

function plain({ namespace, type, id }: Address): Address {
  return { namespace, type, id };
}
