import { type Address, formatAddress } from "../address.js";
import type { RegisteredFunction } from "../registered-function.js";
import type { TypedValue } from "../typed-value.js";
import type { Answer } from "./answer.js";
import { MemoryState } from "./memory-state.js";

/** A message that waits for its address. */
export interface MailboxMessage {
  readonly value: TypedValue;
  readonly caller: Address | undefined;
  /** Told what became of the message; only somebody who waits for a reply has it. */
  readonly answered: ((answer: Answer) => void) | undefined;
}

/**
 * One address of a test: its state, the messages that wait, and whether it can run.
 *
 *     idle --push--> ready --takeBatch--> running --release--> idle or ready
 *                                         running --(failed)--> blocked --unblock--> ready
 */
export class Mailbox {
  readonly address: Address;
  readonly registered: RegisteredFunction;
  readonly state: MemoryState;
  /** Failed attempts at the first message. */
  attempt = 0;
  firstFailedAtMs = 0;
  /** The first message goes alone: a later one may be at fault. [RESULT-11] */
  isSingle = false;
  isRunning = false;
  readonly #waiting: MailboxMessage[] = [];
  readonly #becameReady: (mailbox: Mailbox) => void;

  constructor(
    address: Address,
    registered: RegisteredFunction,
    becameReady: (mailbox: Mailbox) => void,
  ) {
    this.address = address;
    this.registered = registered;
    this.state = new MemoryState(registered);
    this.#becameReady = becameReady;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get first(): MailboxMessage | undefined {
    return this.#waiting[0];
  }

  push(message: MailboxMessage): void {
    this.#waiting.push(message);
    if (!this.isRunning && this.#waiting.length === 1) {
      this.#becameReady(this);
    }
  }

  /** Everything that waits, within the function's batchMax; a message that failed comes alone. */
  takeBatch(): MailboxMessage[] {
    this.isRunning = true;
    const { batchMax } = this.registered.declaration.specification;
    const isAlone = this.attempt > 0 || this.isSingle;
    const count = isAlone ? 1 : (batchMax ?? this.#waiting.length);
    return this.#waiting.splice(0, count);
  }

  /** Removes the first message, and its failed attempts. */
  takeFirst(): MailboxMessage | undefined {
    this.attempt = 0;
    return this.#waiting.shift();
  }

  /** Messages come back to the front, the first of them with its failed attempts. */
  putBack(messages: readonly MailboxMessage[], attempt: number): void {
    this.#waiting.unshift(...messages);
    this.attempt = attempt;
  }
}

/** All addresses of a test, by name, and those that can run, in the order in which they could. */
export class Mailboxes {
  readonly #functions: ReadonlyMap<string, RegisteredFunction>;
  readonly #byName = new Map<string, Mailbox>();
  readonly #ready: Mailbox[] = [];

  constructor(functions: readonly RegisteredFunction[]) {
    this.#functions = new Map(functions.map((registered) => [registered.typeName, registered]));
  }

  /** The mailbox of an address; `undefined` when no function serves it. */
  open(address: Address): Mailbox | undefined {
    const name = formatAddress(address);
    const existing = this.#byName.get(name);
    if (existing !== undefined) {
      return existing;
    }
    const registered =
      this.#functions.get(`${address.namespace}/${address.type}`) ??
      this.#functions.get(`${address.namespace}/*`);
    if (registered === undefined) {
      return undefined;
    }
    const mailbox = new Mailbox(address, registered, (ready) => this.#ready.push(ready));
    this.#byName.set(name, mailbox);
    return mailbox;
  }

  takeReady(): Mailbox | undefined {
    return this.#ready.shift();
  }

  /** The mailbox's batch succeeded: it waits for messages, or is ready for the next ones. */
  release(mailbox: Mailbox): void {
    mailbox.attempt = 0;
    mailbox.isSingle = false;
    this.unblock(mailbox);
  }

  /** The mailbox may run again. */
  unblock(mailbox: Mailbox): void {
    mailbox.isRunning = false;
    if (!mailbox.isEmpty) {
      this.#ready.push(mailbox);
    }
  }
}
