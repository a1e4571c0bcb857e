import { ToFunction, type TypedValue } from "@statewire/protos/statefun/request-reply.js";
import type { Message } from "../core/message.js";

/** A state of the invocation's address, as the request names it. */
export interface NamedState {
  /** The core's index of it. */
  readonly state: number;
  readonly name: string;
  readonly typename: string;
  /** Null: no value. */
  readonly value: Uint8Array | null;
}

/** The body of a request: one batch of an address's messages, and the state that it may need. */
export function encodeToFunction(request: {
  /** "namespace/type". */
  readonly typeName: string;
  readonly id: string;
  readonly messages: readonly Message[];
  readonly states: readonly NamedState[];
}): Uint8Array {
  const { typeName, id, messages, states } = request;
  return ToFunction.encode({
    request: {
      $case: "invocation",
      value: {
        target: addressOf(typeName, id),
        state: states.map(({ name, typename, value }) => ({
          stateName: name,
          stateValue: value === null ? undefined : typedValue(typename, value),
        })),
        invocations: messages.map(({ callerType, callerId, typename, value }) => ({
          caller: callerType === null ? undefined : addressOf(callerType.name, callerId),
          argument: typedValue(typename, value),
        })),
      },
    },
  }).finish();
}

function addressOf(typeName: string, id: string) {
  const slash = typeName.indexOf("/");
  return { namespace: typeName.slice(0, slash), type: typeName.slice(slash + 1), id };
}

function typedValue(typename: string, value: Uint8Array | null): TypedValue {
  return { typename, hasValue: value !== null, value: value ?? noBytes };
}

const noBytes = new Uint8Array(0);
