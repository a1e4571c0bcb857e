import type { Context } from "./context.js";
import { StatewireError } from "./errors.js";
import type { AnyStatefulFunction } from "./function.js";
import { createMessageDecoder, type MessageDecoder } from "./message.js";
import type { StateDeclaration } from "./state.js";
import { createStateAccessFactory, type StateAccessFactory } from "./state-handle.js";

/** A declared state with its index. */
export interface RegisteredState {
  readonly name: string;
  readonly index: number;
  readonly declaration: StateDeclaration<unknown>;
}

/** A function as it is run: its declaration, prepared once. */
export interface RegisteredFunction {
  readonly typeName: string;
  readonly states: readonly RegisteredState[];
  readonly decode: MessageDecoder;
  readonly declaration: AnyStatefulFunction;
  readonly createStateAccess: StateAccessFactory;
  handle(context: Context, message: unknown): void | Promise<void>;
}

/**
 * Prepares functions to be run. Their order is the order of the function table.
 *
 * @throws StatewireError `invalid-declaration` when there is none, or two have the same name.
 */
export function registerFunctions(
  functions: readonly AnyStatefulFunction[],
): readonly RegisteredFunction[] {
  if (functions.length === 0) {
    throw new StatewireError("invalid-declaration", "no functions to serve");
  }
  const names = new Set<string>();
  for (const { typeName } of functions) {
    if (names.has(typeName)) {
      throw new StatewireError("invalid-declaration", `function ${typeName} is declared twice`);
    }
    names.add(typeName);
  }
  return functions.map(registerFunction);
}

function registerFunction(declaration: AnyStatefulFunction): RegisteredFunction {
  const { specification, typeName } = declaration;
  const states = Object.entries(specification.states ?? {}).map(([name, state], index) => ({
    name,
    index,
    declaration: state,
  }));
  return {
    typeName,
    states,
    createStateAccess: createStateAccessFactory(states),
    decode: createMessageDecoder(specification.accepts),
    declaration,
    handle: (context, message) => specification.handle(context, message),
  };
}
