import type { Address } from "../address.js";
import type { Type } from "../type.js";
import { fromTypedValue, type TypedValue } from "../typed-value.js";

/** A message that a function sent. */
export class SentMessage implements TypedValue {
  readonly target: Address;
  readonly typename: string;
  readonly value: Uint8Array | undefined;
  /** The function instance that sent it; `undefined` when the test did. */
  readonly caller: Address | undefined;
  /** How long it was to wait; `undefined` for one that was sent at once. */
  readonly delayMs: number | undefined;
  /** Its cancellation token, if it has one. */
  readonly token: string | undefined;

  constructor(message: {
    readonly target: Address;
    readonly value: TypedValue;
    readonly caller: Address | undefined;
    readonly delayMs?: number;
    readonly token?: string;
  }) {
    this.target = message.target;
    this.typename = message.value.typename;
    this.value = message.value.value;
    this.caller = message.caller;
    this.delayMs = message.delayMs;
    this.token = message.token;
  }

  /**
   * The message as a value of the type.
   *
   * @throws StatewireError `bad-input` when it is of another type or does not decode.
   */
  as<T>(type: Type<T>): T {
    return fromTypedValue(type, this);
  }
}
