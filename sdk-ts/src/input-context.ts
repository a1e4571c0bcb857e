import type { Input, Send } from "@statewire/protos/statewire/v1/stream.js";
import { asBuffer, utf8Length } from "#bytes";
import { type Address, joinTypeName, parseTypeName } from "./address.js";
import type { Context, DelayOptions, Destination, Target } from "./context.js";
import type { Egress } from "./egress.js";
import { StatewireError } from "./errors.js";
import { type Accepts, isTypeList } from "./message.js";
import type { RegisteredFunction } from "./registered-function.js";
import type { Batch, StateSlot } from "./session/batch.js";
import type { StateAccess, StateDeclarations } from "./state.js";
import type { StateHost } from "./state-handle.js";
import type { Type } from "./type.js";
import { type TypedValue, typed } from "./typed-value.js";

/** What a context needs of whoever runs its batch. */
export interface BatchHost {
  /** Resolves when the batch holds the state; rejects when it never will. */
  loadState(batch: Batch, state: number): Promise<void>;
  /** Aborts when the batch's result can no longer count. */
  signalOf(batch: Batch): AbortSignal;
}

const tokenBytesMax = 255;
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The context of one input. It is open while its batch stands at this input; a handler that went on
 * without being awaited finds it closed, so its effects never land in a later input.
 */
export class InputContext implements Context, StateHost {
  readonly #function: RegisteredFunction;
  readonly #batch: Batch;
  readonly #host: BatchHost;
  readonly #input: Input;
  readonly #position: number;
  #state: StateAccess<StateDeclarations> | undefined;
  #signal: AbortSignal | undefined;

  constructor(registered: RegisteredFunction, batch: Batch, host: BatchHost, input: Input) {
    this.#function = registered;
    this.#batch = batch;
    this.#host = host;
    this.#input = input;
    this.#position = batch.position;
  }

  get self(): Target<Accepts> {
    const { accepts } = this.#function.declaration.specification;
    return { ...parseTypeName(this.#batch.typeName), id: this.#batch.id, accepts };
  }

  get caller(): Address | undefined {
    const typeName = this.#batch.callerTypeNameOf(this.#input);
    return typeName === "" ? undefined : { ...parseTypeName(typeName), id: this.#input.callerId };
  }

  get state(): StateAccess<StateDeclarations> {
    this.#state ??= this.#function.createStateAccess(this) as StateAccess<StateDeclarations>;
    return this.#state;
  }

  get attempt(): number {
    return this.#batch.attempt;
  }

  get wantsReply(): boolean {
    return this.#input.wantsReply;
  }

  get traceparent(): string | undefined {
    const { traceparent } = this.#input;
    return traceparentPattern.test(traceparent) ? traceparent : undefined;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#host.signalOf(this.#batch);
    return this.#signal;
  }

  send(target: Destination, message: unknown): void {
    this.#assertOpen();
    this.#batch.send(this.#createSend(target, message));
  }

  sendAfter(
    delayMs: number,
    target: Destination,
    message: unknown,
    options: DelayOptions = {},
  ): void {
    this.#assertOpen();
    const { token } = options;
    if (token !== undefined) {
      validateToken(token);
    }
    this.#batch.schedule(this.#createSend(target, message), parseDelay(delayMs), token ?? "");
  }

  cancel(token: string): void {
    this.#assertOpen();
    validateToken(token);
    this.#batch.cancel(token);
  }

  egress<T>(target: Egress<T>, record: T): void {
    this.#assertOpen();
    const { typename, value } = encodeAs(target.type, record);
    this.#batch.egress({
      egress: target.name,
      typename,
      value: value === undefined ? undefined : asBuffer(value),
    });
  }

  reply(reply: unknown): void {
    this.#assertOpen();
    const { typename, value } = encodeAs(this.#function.declaration.specification.replies, reply);
    if (this.#input.wantsReply) {
      this.#batch.reply(typename, value === undefined ? undefined : asBuffer(value));
    }
  }

  readSlot(index: number): StateSlot {
    this.#assertOpen();
    return this.#batch.readState(index);
  }

  writeSlot(index: number, value: Uint8Array | undefined): void {
    this.#assertOpen();
    this.#batch.writeState(index, value);
  }

  loadSlot(index: number): Promise<void> {
    return this.#host.loadState(this.#batch, index);
  }

  #createSend(target: Destination, message: unknown): Send {
    const { accepts, id } = target;
    const typeName = joinTypeName(target);
    if (accepts === undefined) {
      validateTarget(target, typeName);
    }
    const { typename, value } = encodeAs(isTypeList(accepts) ? undefined : accepts, message);
    return {
      type: 0,
      typeName,
      id,
      typename,
      value: value === undefined ? undefined : asBuffer(value),
      traceparent: this.#input.traceparent === "" ? "" : (this.traceparent ?? ""),
    };
  }

  #assertOpen(): void {
    const { input, position } = this.#batch;
    if (input === undefined || position !== this.#position) {
      throw new StatewireError(
        "context-closed",
        `context of ${this.#batch.typeName} used after its handler had finished; await what it does`,
      );
    }
  }
}

/** A value of a declared type, or one that brings its type along. */
export function encodeAs(type: Type<unknown> | undefined, value: unknown): TypedValue {
  if (type !== undefined) {
    return typed(type, value);
  }
  if (!isTypedValue(value)) {
    throw new StatewireError("invalid-value", "expected a typed value: typed(type, value)");
  }
  return value;
}

function isTypedValue(value: unknown): value is TypedValue {
  if (typeof value !== "object" || value === null || !("typename" in value)) {
    return false;
  }
  const bytes = "value" in value ? value.value : undefined;
  const isNamed = typeof value.typename === "string" && value.typename !== "";
  return isNamed && (bytes === undefined || bytes instanceof Uint8Array);
}

/** Addresses that `at` built are right; one that was put together by hand may not be. */
function validateTarget(target: Address, typeName: string): void {
  parseTypeName(typeName);
  if (target.type === "*" || typeof target.id !== "string") {
    throw new StatewireError("invalid-value", `${typeName}/${target.id} is not an address`);
  }
}

function validateToken(token: string): void {
  if (token === "" || utf8Length(token) > tokenBytesMax) {
    throw new StatewireError(
      "invalid-value",
      `cancellation token of ${utf8Length(token)} bytes, expected 1 to ${tokenBytesMax}`,
    );
  }
}

function parseDelay(delayMs: number): number {
  const rounded = Math.ceil(delayMs);
  if (!Number.isSafeInteger(rounded) || rounded < 0) {
    throw new StatewireError("invalid-value", `delay of ${delayMs} ms, expected 0 or more`);
  }
  return rounded;
}
