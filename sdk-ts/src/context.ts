import type { Address } from "./address.js";
import type { Egress } from "./egress.js";
import type { Accepts, SendableTo } from "./message.js";
import type { StateAccess, StateDeclarations } from "./state.js";
import type { Type } from "./type.js";
import type { TypedValue } from "./typed-value.js";

/** An address together with what its function accepts, as `other.at("id")` gives it. */
export interface Target<A extends Accepts> extends Address {
  readonly accepts: A;
}

/** Where a message can go: a {@link Target}, or an address of which only the name is known. */
export type Destination = Address & { readonly accepts?: Accepts };

/** What a destination takes; an address alone takes {@link TypedValue}s. */
export type MessageFor<D extends Destination> =
  D extends Target<infer A> ? SendableTo<A> : TypedValue;

/** What a function replies: values of its declared type, or {@link TypedValue}s without one. */
export type ReplyOf<R extends Type<unknown> | undefined> = R extends Type<infer T> ? T : TypedValue;

/** See {@link Context.sendAfter}. */
export interface DelayOptions {
  /** Names the delayed message, so that {@link Context.cancel} can find it. Not empty. */
  readonly token?: string;
}

/**
 * What a handler can see and do while it handles one message. Everything it does takes effect
 * together, exactly once, after the handler has finished; when it throws, nothing does.
 *
 * A context belongs to its message: using it after the handler has returned, or its promise has
 * settled, throws StatewireError `context-closed`.
 */
export interface Context<
  States extends StateDeclarations = StateDeclarations,
  A extends Accepts = Accepts,
  R extends Type<unknown> | undefined = Type<unknown> | undefined,
> {
  /** The instance that runs. Send to it to continue later. */
  readonly self: Target<A>;
  /** The function instance that sent the message; `undefined` when it came from an ingress. */
  readonly caller: Address | undefined;
  /** The states of this instance, by their declared names. */
  readonly state: StateAccess<States>;
  /** Failed attempts at this message so far. */
  readonly attempt: number;
  /** Whether somebody waits for a {@link reply}. */
  readonly wantsReply: boolean;
  /** The W3C traceparent that came with the message. It is passed on with what is sent. */
  readonly traceparent: string | undefined;
  /**
   * Aborts when the outcome can no longer count: the runtime has stopped waiting, or is gone. Hand it
   * to what a handler waits for.
   */
  readonly signal: AbortSignal;

  /**
   * Sends a message to a function.
   *
   * @throws StatewireError `invalid-value` or `limit-exceeded`.
   */
  send<D extends Destination>(target: D, message: MessageFor<D>): void;
  /**
   * Sends a message no earlier than `delayMs` milliseconds (0 or more) after this handler's effects.
   *
   * @throws StatewireError `invalid-value` or `limit-exceeded`.
   */
  sendAfter<D extends Destination>(
    delayMs: number,
    target: D,
    message: MessageFor<D>,
    options?: DelayOptions,
  ): void;
  /**
   * Takes back a delayed message that an instance with the same id sent. A token that is unknown or
   * has fired is ignored.
   */
  cancel(token: string): void;
  /**
   * Sends a record to the world outside.
   *
   * @throws StatewireError `invalid-value` or `limit-exceeded`.
   */
  egress<T>(egress: Egress<T>, record: T): void;
  /**
   * Answers the caller at the ingress, once per message. Without anyone waiting it does nothing, so
   * one handler serves calls and messages alike.
   *
   * @throws StatewireError `invalid-value` when it is the second reply or not of the declared type.
   */
  reply(value: ReplyOf<R>): void;
}
