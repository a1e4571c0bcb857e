import { Expiration_Mode, type FunctionSpec } from "@statewire/protos/statewire/v1/stream.js";
import type { RegisteredFunction } from "../registered-function.js";
import type { StateExpiration } from "../state.js";

/** What the runtime is told about a function. */
export function toFunctionSpec(registered: RegisteredFunction): FunctionSpec {
  const { inFlightMax, batchMax } = registered.declaration.specification;
  return {
    typeName: registered.typeName,
    states: registered.states.map(({ name, declaration }) => ({
      name,
      typename: declaration.type.typename,
      expiration: toExpiration(declaration.expiration),
      lazy: declaration.lazy,
    })),
    inFlightMax: inFlightMax ?? 0,
    batchMax: batchMax ?? 0,
  };
}

function toExpiration(
  expiration: StateExpiration | undefined,
): FunctionSpec["states"][number]["expiration"] {
  if (expiration === undefined) {
    return undefined;
  }
  return {
    mode:
      expiration.mode === "after-write"
        ? Expiration_Mode.AFTER_WRITE
        : Expiration_Mode.AFTER_INVOCATION,
    durationMs: expiration.durationMs,
  };
}
