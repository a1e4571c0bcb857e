import type { BinaryReader } from "@bufbuild/protobuf/wire";
import {
  type Address,
  type FromFunction_DelayedInvocation as Delayed,
  type FromFunction_EgressMessage as Egress,
  FromFunction_ExpirationSpec_ExpireMode as ExpireMode,
  FromFunction,
  type FromFunction_PersistedValueMutation as Mutation,
  FromFunction_PersistedValueMutation_MutationType as MutationType,
  type FromFunction_InvocationResponse as Response,
  type FromFunction_PersistedValueSpec as Spec,
  type TypedValue as WireValue,
} from "@statewire/protos/statefun/request-reply.js";
import { isFunctionTypeName, nameBytesMax } from "../core/address.js";
import type {
  Expiration,
  InvocationResult,
  OutgoingMessage,
  OutgoingRecord,
  StateChange,
  StateSpec,
  TimerChange,
} from "../core/command.js";
import type { TypedValue } from "../core/typed-value.js";
import { delayMsMax, typenameBytesMax } from "./ingress-codec.js";
import { readMessage } from "./protobuf-message.js";
import type { NamedState } from "./request-reply-encoder.js";
import type { ResultLimits } from "./result-decoder.js";
import { shown } from "./shown-text.js";

/** What a function server answered. */
export type FunctionReply =
  | {
      readonly kind: "result";
      readonly effects: Omit<InvocationResult, "invocation" | "failure" | "refused">;
    }
  /** Nothing has run. At least one state. */
  | { readonly kind: "incomplete"; readonly states: readonly StateSpec[] }
  /** A whole answer that asks for what cannot be; nothing of it counts. */
  | { readonly kind: "refused"; readonly reason: string };

/** What an answer is checked against. */
export interface ReplyContext {
  readonly limits: ResultLimits;
  /** The states that the request named. */
  readonly states: readonly Omit<NamedState, "value">[];
}

/** The typename of a state whose declaration has none. */
const unsetTypename = "io.statefun.types/unset";
const tokenBytesMax = 255;
const noBytes = new Uint8Array(0);

/** Why a whole answer is refused. */
class Refused extends Error {}

/**
 * Reads the body of an answer. No bytes are an answer, too: success without effects.
 *
 * @throws MalformedMessageError when the bytes are not a FromFunction.
 */
export function decodeFromFunction(bytes: Uint8Array, context: ReplyContext): FunctionReply {
  const { response } = readMessage("FromFunction", bytes, readFromFunction);
  try {
    if (response === undefined) return { kind: "result", effects: noEffects };
    if (response.$case === "invocationResult") {
      return { kind: "result", effects: readEffects(response.value, context) };
    }
    return { kind: "incomplete", states: readSpecs(response.value.missingValues, context) };
  } catch (error) {
    if (error instanceof Refused) return { kind: "refused", reason: error.message };
    throw error;
  }
}

/**
 * As the generated code, but bytes that hold no field of the message are none: whatever else answers with
 * them, a page or a probe, has not run the function.
 */
function readFromFunction(reader: BinaryReader): FromFunction {
  const { pos, len } = reader;
  while (reader.pos < len) {
    const [field, wireType] = reader.tag();
    if (field !== 100 && field !== 101) throw new Error(`field ${field}, which is not known`);
    reader.skip(wireType, field);
  }
  reader.pos = pos;
  return FromFunction.decode(reader);
}

const noEffects = {
  stateChanges: [],
  sends: [],
  timerChanges: [],
  egressRecords: [],
  replies: [],
} as const;

function readEffects(response: Response, context: ReplyContext) {
  const { stateMutations, outgoingMessages, delayedInvocations, outgoingEgresses } = response;
  const { limits } = context;
  const effects = outgoingMessages.length + delayedInvocations.length + outgoingEgresses.length;
  if (effects > limits.effectsMax) {
    throw new Refused(`${effects} effects exceed effectsMax ${limits.effectsMax}`);
  }
  return {
    stateChanges: readMutations(stateMutations, context),
    sends: outgoingMessages.map(({ target, argument }, index) =>
      within(`outgoing_messages[${index}]`, () => readSend(target, argument, limits)),
    ),
    timerChanges: delayedInvocations.map((delayed, index) =>
      within(`delayed_invocations[${index}]`, () => readDelayed(delayed, limits)),
    ),
    egressRecords: outgoingEgresses.map((record, index) =>
      within(`outgoing_egresses[${index}]`, () => readRecord(record, limits)),
    ),
    replies: [],
  };
}

/** A state may be changed more than once: the last change counts. */
function readMutations(mutations: readonly Mutation[], context: ReplyContext): StateChange[] {
  const changes = new Map<number, StateChange>();
  for (const [index, mutation] of mutations.entries()) {
    const change = within(`state_mutations[${index}]`, () => readMutation(mutation, context));
    changes.set(change.state, change);
  }
  return [...changes.values()];
}

function readMutation(mutation: Mutation, { states, limits }: ReplyContext): StateChange {
  const { stateName, mutationType, stateValue } = mutation;
  const named = states.find(({ name }) => name === stateName);
  if (named === undefined) throw new Refused(`state ${shown(stateName)}, which is not registered`);
  const { state, typename: registered } = named;
  if (mutationType === MutationType.DELETE) return { state, value: null };
  if (mutationType !== MutationType.MODIFY) throw new Refused(`mutation type ${mutationType}`);
  const typename = stateValue?.typename || unsetTypename;
  if (typename !== registered) {
    const text = `state ${shown(stateName)} as ${shown(typename)}, registered as ${registered}`;
    throw new Refused(text);
  }
  // Only the bytes count: whether has_value is set, StateFun does not look at.
  return { state, value: checkSize(stateValue?.value ?? noBytes, limits) };
}

function readSend(
  target: Address | undefined,
  argument: WireValue | undefined,
  limits: ResultLimits,
): OutgoingMessage {
  if (target === undefined) throw new Refused("no target");
  const typeName = `${target.namespace}/${target.type}`;
  if (!isFunctionTypeName(typeName)) {
    throw new Refused(`target ${shown(typeName)} is not namespace/type`);
  }
  const idBytes = Buffer.byteLength(target.id);
  if (idBytes > limits.idBytesMax) {
    throw new Refused(`id of ${idBytes} bytes exceeds idBytesMax ${limits.idBytesMax}`);
  }
  return { typeName, id: target.id, message: readValue(argument, limits), traceparent: "" };
}

function readDelayed(delayed: Delayed, limits: ResultLimits): TimerChange {
  const { isCancellationRequest, cancellationToken: token, delayInMs } = delayed;
  const tokenBytes = Buffer.byteLength(token);
  if (tokenBytes > tokenBytesMax) {
    throw new Refused(`cancellation token of ${tokenBytes} bytes exceeds ${tokenBytesMax}`);
  }
  if (isCancellationRequest) {
    if (token === "") throw new Refused("a cancellation without a token");
    return { kind: "cancel", token };
  }
  if (delayInMs < 0 || delayInMs > delayMsMax) {
    throw new Refused(`delay of ${delayInMs} ms: 0 to ${delayMsMax} are allowed`);
  }
  const message = readSend(delayed.target, delayed.argument, limits);
  return { kind: "schedule", message, delayMs: delayInMs, token };
}

function readRecord(record: Egress, limits: ResultLimits): OutgoingRecord {
  const egress = `${record.egressNamespace}/${record.egressType}`;
  return { egress, value: readValue(record.argument, limits) };
}

function readValue(argument: WireValue | undefined, limits: ResultLimits): TypedValue {
  const typename = argument?.typename ?? "";
  if (argument === undefined || typename === "") throw new Refused("a value without typename");
  checkTypename(typename);
  return { typename, value: argument.hasValue ? checkSize(argument.value, limits) : null };
}

function checkSize(value: Uint8Array, { valueBytesMax }: ResultLimits): Uint8Array {
  // Copied: a small value must not keep its whole answer in memory.
  if (value.length <= valueBytesMax) return Buffer.from(value);
  throw new Refused(`value of ${value.length} bytes exceeds valueBytesMax ${valueBytesMax}`);
}

function checkTypename(typename: string): void {
  const bytes = Buffer.byteLength(typename);
  if (bytes > typenameBytesMax) {
    throw new Refused(`typename of ${bytes} bytes exceeds ${typenameBytesMax}`);
  }
}

function readSpecs(specs: readonly Spec[], { states }: ReplyContext): readonly StateSpec[] {
  if (specs.length === 0) throw new Refused("states are missing, and the answer names none");
  const byName = new Map<string, StateSpec>();
  for (const [index, spec] of specs.entries()) {
    const state = within(`missing_values[${index}]`, () => readSpec(spec, states));
    if (!byName.has(state.name)) byName.set(state.name, state);
  }
  return [...byName.values()];
}

function readSpec(
  { stateName, typeTypename, expirationSpec }: Spec,
  sent: ReplyContext["states"],
): StateSpec {
  if (sent.some(({ name }) => name === stateName)) {
    throw new Refused(`state ${shown(stateName)} is said to be missing, and was sent`);
  }
  const nameBytes = Buffer.byteLength(stateName);
  if (nameBytes < 1 || nameBytes > nameBytesMax) {
    throw new Refused(`state name of ${nameBytes} bytes: 1 to ${nameBytesMax} are allowed`);
  }
  checkTypename(typeTypename);
  return {
    name: stateName,
    typename: typeTypename || unsetTypename,
    lazy: false,
    expiration: readExpiration(expirationSpec),
  };
}

function readExpiration(
  spec: { readonly mode: number; readonly expireAfterMillis: number } | undefined,
): Expiration | null {
  if (spec === undefined || spec.mode === ExpireMode.NONE) return null;
  const { mode, expireAfterMillis: durationMs } = spec;
  if (mode !== ExpireMode.AFTER_WRITE && mode !== ExpireMode.AFTER_INVOKE) {
    throw new Refused(`expiration mode ${mode}`);
  }
  if (durationMs < 1) throw new Refused(`expiration after ${durationMs} ms: 1 is the least`);
  return { mode: mode === ExpireMode.AFTER_WRITE ? "afterWrite" : "afterInvocation", durationMs };
}

/** Says where in the answer a fault is. */
function within<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refused) throw new Refused(`${place}: ${error.message}`);
    throw error;
  }
}
