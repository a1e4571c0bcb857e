import { createReader } from "@statewire/protos/reader";
import {
  type Address,
  ToFunction,
  type ToFunction_Invocation,
  type TypedValue,
} from "@statewire/protos/statefun/request-reply.js";
import { decodeUtf8 } from "#bytes";
import { describeCause } from "../type.js";

/** One message of a request. */
export interface RequestInput {
  /** "namespace/type"; empty when the message came from an ingress. */
  readonly callerTypeName: string;
  readonly callerId: string;
  readonly typename: string;
  /** `undefined` is no value, zero bytes are a value. */
  readonly value: Uint8Array | undefined;
}

/** A state of a request. */
export interface RequestState {
  readonly typename: string;
  readonly value: Uint8Array | undefined;
}

/** What a runtime asks for: messages of one address, and its states by name. */
export interface FunctionRequest {
  readonly target: Address;
  readonly states: ReadonlyMap<string, RequestState>;
  readonly inputs: readonly RequestInput[];
}

/** Reads a ToFunction, or says what is wrong with it. */
export function decodeRequest(body: Uint8Array): FunctionRequest | string {
  let message: ToFunction;
  try {
    const reader = createReader(body, decodeStrictly);
    message = ToFunction.decode(reader);
    if (reader.pos !== reader.len) {
      throw new RangeError(`a tag that cannot be, at byte ${reader.pos}`);
    }
  } catch (cause) {
    return `${body.length} bytes are no ToFunction: ${describeCause(cause)}`;
  }
  const { target, state, invocations } = message.request?.value ?? {};
  if (target === undefined || state === undefined || invocations === undefined) {
    return "ToFunction without an invocation of a target";
  }
  const inputs = invocations.flatMap(toInput);
  if (inputs.length === 0 || inputs.length < invocations.length) {
    return "ToFunction without a message, or with one that has no argument";
  }
  const states = new Map(state.map((entry) => [entry.stateName, toState(entry.stateValue)]));
  return { target, states, inputs };
}

/** Two wrong ids must not become one address. */
function decodeStrictly(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new TypeError("a text that is not UTF-8");
  }
  return text;
}

function toInput({ caller, argument }: ToFunction_Invocation): RequestInput[] {
  if (argument === undefined) {
    return [];
  }
  return [
    {
      callerTypeName: caller === undefined ? "" : `${caller.namespace}/${caller.type}`,
      callerId: caller?.id ?? "",
      typename: argument.typename,
      value: presentValue(argument),
    },
  ];
}

function toState(value: TypedValue | undefined): RequestState {
  return value === undefined
    ? { typename: "", value: undefined }
    : { typename: value.typename, value: presentValue(value) };
}

function presentValue(value: TypedValue): Uint8Array | undefined {
  return value.hasValue ? value.value : undefined;
}
