import type { Failure, Result } from "@statewire/protos/statewire/v1/stream.js";
import { type Address, parseTypeName } from "../address.js";
import type { ReplyOf } from "../context.js";
import type { Egress } from "../egress.js";
import { StatewireError } from "../errors.js";
import type { StatefulFunction } from "../function.js";
import type { Accepts, SendableTo } from "../message.js";
import { registerFunctions } from "../registered-function.js";
import type { StateDeclaration, StateDeclarations } from "../state.js";
import type { Type } from "../type.js";
import { fromTypedValue, type TypedValue } from "../typed-value.js";
import { toTypedValue } from "./encode-message.js";
import { type LocalOutcome, runLocally, toAddress } from "./local-batch.js";
import { MemoryState } from "./memory-state.js";
import { SentMessage } from "./sent-message.js";

/** The values of declared states; absent and `undefined` are no value. */
export type StateValues<States extends StateDeclarations> = {
  readonly [Name in keyof States]?: States[Name] extends StateDeclaration<infer T>
    ? T | undefined
    : never;
};

/** One message for a function, and what it finds. */
export interface FunctionRun<States extends StateDeclarations, A extends Accepts> {
  /** What is sent: for a function that accepts several types, a `typed(...)` of one. */
  readonly message: SendableTo<A>;
  /** The instance. Default: "test". */
  readonly id?: string;
  /** The type's part of the name that a wildcard function runs under. Default: "test". */
  readonly type?: string;
  /** Who sent it. Default: an ingress. */
  readonly caller?: Address;
  /** The states before. Default: none has a value. */
  readonly state?: StateValues<States>;
  /** Failed attempts before this one. Default: 0. */
  readonly attempt?: number;
  /** Whether somebody waits for a reply. Default: true. */
  readonly wantsReply?: boolean;
}

/** What a function did for one message. When it failed it did nothing. */
export interface FunctionOutcome<
  States extends StateDeclarations,
  R extends Type<unknown> | undefined,
> {
  /** All states afterwards. */
  readonly state: StateValues<States>;
  /** The states that the function wrote or cleared. */
  readonly changedStates: readonly (keyof States & string)[];
  /** Messages, in order; delayed ones are in `delayedSends`. */
  readonly sends: readonly SentMessage[];
  readonly delayedSends: readonly SentMessage[];
  /** Cancellation tokens. */
  readonly cancellations: readonly string[];
  /** The reply; `undefined` when there was none. */
  readonly reply: ReplyOf<R> | undefined;
  /** What the runtime would be told, and what was thrown; `undefined` when the function succeeded. */
  readonly failure:
    | (Pick<Failure, "code" | "message" | "retryable" | "retryAfterMs"> & {
        readonly error: unknown;
      })
    | undefined;
  /** The records for one egress, in order. */
  egressRecords<T>(egress: Egress<T>): readonly T[];
}

/**
 * Runs one function for one message, without a server.
 *
 *     const { state, reply } = await runFunction(counter, { message: 2n, state: { count: 40n } });
 *
 * A handler that throws makes an outcome with a `failure`; the promise does not reject for it.
 *
 * @throws StatewireError `invalid-value` when the message or a state is not of its declared type.
 */
export async function runFunction<
  Name extends string,
  States extends StateDeclarations,
  A extends Accepts,
  R extends Type<unknown> | undefined,
>(
  declaration: StatefulFunction<Name, States, A, R>,
  run: FunctionRun<States, A>,
): Promise<FunctionOutcome<States, R>> {
  const [registered] = registerFunctions([declaration]);
  if (registered === undefined) {
    throw new StatewireError("test-failed", `${declaration.typeName} cannot be run`);
  }
  const { namespace, type } = parseTypeName(declaration.typeName);
  const target = {
    namespace,
    type: type === "*" ? (run.type ?? "test") : type,
    id: run.id ?? "test",
  };
  const state = new MemoryState(registered);
  state.seed(run.state ?? {}, 0);
  const message = {
    value: toTypedValue(declaration.accepts, run.message),
    caller: run.caller,
    wantsReply: run.wantsReply ?? true,
  };
  const { attempt = 0 } = run;
  const outcome = await new Promise<LocalOutcome>((resolve) => {
    runLocally({ registered, target, messages: [message], state, attempt, nowMs: 0 }, resolve);
  });
  const result = outcome.batch.result();
  state.apply(result.stateChanges, 0);
  return {
    ...describeEffects(result, target),
    state: state.decode(0) as StateValues<States>,
    changedStates: result.stateChanges.map(
      (change) => registered.states[change.state]?.name as keyof States & string,
    ),
    reply: decodeReply(declaration.specification.replies, result),
    failure: result.failure && { ...result.failure, error: outcome.error },
    egressRecords: (egress) => decodeRecords(egress, result),
  };
}

function describeEffects(
  result: Result,
  caller: Address,
): Pick<FunctionOutcome<StateDeclarations, undefined>, "sends" | "delayedSends" | "cancellations"> {
  const delayedSends: SentMessage[] = [];
  const cancellations: string[] = [];
  for (const { change } of result.timerChanges) {
    if (change?.$case === "cancel") {
      cancellations.push(change.value);
    } else if (change?.value.send !== undefined) {
      const { send, delayMs, cancellationToken } = change.value;
      const token = cancellationToken === "" ? {} : { token: cancellationToken };
      delayedSends.push(new SentMessage({ ...toSent(send, caller), delayMs, ...token }));
    }
  }
  const sends = result.sends.map((send) => new SentMessage(toSent(send, caller)));
  return { sends, delayedSends, cancellations };
}

/** What a Send of the wire says. */
export function toSent(
  send: Result["sends"][number],
  caller: Address,
): { readonly target: Address; readonly value: TypedValue; readonly caller: Address } {
  return {
    target: toAddress(send.typeName, send.id),
    value: { typename: send.typename, value: send.value },
    caller,
  };
}

function decodeReply<R extends Type<unknown> | undefined>(
  type: R | undefined,
  result: Result,
): ReplyOf<R> | undefined {
  const [reply] = result.replies;
  if (reply === undefined) {
    return undefined;
  }
  const value: TypedValue = { typename: reply.typename, value: reply.value };
  return (type === undefined ? value : fromTypedValue(type, value)) as ReplyOf<R>;
}

function decodeRecords<T>(egress: Egress<T>, result: Result): readonly T[] {
  return result.egressRecords
    .filter((record) => record.egress === egress.name)
    .map(({ typename, value }) => decodeRecord(egress, { typename, value }));
}

/** A record as the egress declares it: a value of its type, or a typed value. */
export function decodeRecord<T>(egress: Egress<T>, record: TypedValue): T {
  // An egress without a type is an Egress<TypedValue>.
  return egress.type === undefined ? (record as T) : fromTypedValue(egress.type, record);
}
