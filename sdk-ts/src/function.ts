import { utf8Length } from "#bytes";
import { type Address, parseTypeName } from "./address.js";
import type { Context, Target } from "./context.js";
import { StatewireError } from "./errors.js";
import type { Accepts, MessageOf } from "./message.js";
import type { StateDeclarations } from "./state.js";
import type { Type } from "./type.js";

/**
 * Names instances: `fn.at("id")`, and for a wildcard `fn.at("type", "id")`.
 */
export type AddressBuilder<Name extends string, A extends Accepts> = Name extends `${string}/*`
  ? (type: string, id: string) => Target<A>
  : (id: string) => Target<A>;

/** A function that can be sent to, wherever it runs. */
export interface FunctionReference<Name extends string, A extends Accepts> {
  /** "namespace/type", or "namespace/*". */
  readonly typeName: Name;
  /** What it takes. */
  readonly accepts: A;
  /** The address of one instance. */
  readonly at: AddressBuilder<Name, A>;
}

/** What a function is made of. */
export interface FunctionSpecification<
  States extends StateDeclarations,
  A extends Accepts,
  R extends Type<unknown> | undefined,
> {
  /** The states that each instance has. */
  readonly states?: States;
  /**
   * The type of its messages, or several, or (left out) any typed value. A message of another type
   * fails without being retried.
   */
  readonly accepts?: A;
  /** The type of its replies. Left out: `ctx.reply` takes typed values. */
  readonly replies?: R;
  /** Invocations in flight at a time on one stream, 1 or more. Left out: no limit of its own. */
  readonly inFlightMax?: number;
  /** Messages of one address that arrive together, 1 or more. Left out: the runtime decides. */
  readonly batchMax?: number;
  /**
   * Handles one message. Messages of one address come one after the other; a handler that returns no
   * promise costs none.
   */
  handle(context: Context<States, A, R>, message: MessageOf<A>): void | Promise<void>;
}

/** Any function, for lists of them. */
export interface AnyStatefulFunction {
  readonly typeName: string;
  readonly specification: FunctionSpecification<
    StateDeclarations,
    Accepts,
    Type<unknown> | undefined
  >;
}

/** A function that is implemented here. */
export interface StatefulFunction<
  Name extends string,
  States extends StateDeclarations,
  A extends Accepts,
  R extends Type<unknown> | undefined,
> extends FunctionReference<Name, A> {
  readonly specification: FunctionSpecification<States, A, R>;
}

/**
 * Declares a function: its type's name, its states, what it accepts, and its handler. "namespace/*"
 * declares all types of a namespace that are not declared by name.
 *
 * @throws StatewireError `invalid-declaration` when the name is not "namespace/type", or a state's
 * name is longer than 255 bytes, or a limit is not 1 or more.
 */
export function statefulFunction<
  const Name extends string,
  const States extends StateDeclarations = Record<never, never>,
  const A extends Accepts = undefined,
  R extends Type<unknown> | undefined = undefined,
>(
  typeName: Name,
  specification: FunctionSpecification<States, A, R>,
): StatefulFunction<Name, States, A, R> {
  for (const name of Object.keys(specification.states ?? {})) {
    validateStateName(typeName, name);
  }
  validateLimit(typeName, "inFlightMax", specification.inFlightMax);
  validateLimit(typeName, "batchMax", specification.batchMax);
  return { ...functionReference(typeName, specification.accepts as A), specification };
}

/**
 * Names a function that runs elsewhere, so that it can be sent to with checked types.
 *
 *     const cart = functionReference("shop/cart", AddItem);
 *     ctx.send(cart.at("alice"), { item: "tea" });
 *
 * @throws StatewireError `invalid-declaration` when the name is not "namespace/type".
 */
export function functionReference<const Name extends string, const A extends Accepts = undefined>(
  typeName: Name,
  accepts?: A,
): FunctionReference<Name, A> {
  const { namespace, type } = parseTypeName(typeName);
  const taken = accepts as A;
  const build = (...path: readonly string[]): Target<A> =>
    type === "*"
      ? { ...wildcardAddress(namespace, path), accepts: taken }
      : { namespace, type, id: path[0] ?? "", accepts: taken };
  return { typeName, accepts: taken, at: build as AddressBuilder<Name, A> };
}

function wildcardAddress(namespace: string, path: readonly string[]): Address {
  const [type = "", id = ""] = path;
  return { ...parseTypeName(`${namespace}/${type}`), id };
}

const stateNameBytesMax = 255;

function validateStateName(typeName: string, name: string): void {
  if (name === "" || utf8Length(name) > stateNameBytesMax) {
    throw new StatewireError(
      "invalid-declaration",
      `state "${name}" of ${typeName} needs a name of 1 to ${stateNameBytesMax} bytes`,
    );
  }
}

function validateLimit(typeName: string, name: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) {
    throw new StatewireError(
      "invalid-declaration",
      `${name} ${value} of ${typeName} is not an integer of 1 or more`,
    );
  }
}
