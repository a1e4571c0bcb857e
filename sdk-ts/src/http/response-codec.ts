import {
  FromFunction_ExpirationSpec_ExpireMode as ExpireMode,
  FromFunction,
  type FromFunction_DelayedInvocation,
  type FromFunction_ExpirationSpec,
  type FromFunction_PersistedValueMutation,
  FromFunction_PersistedValueMutation_MutationType as MutationType,
  type TypedValue,
} from "@statewire/protos/statefun/request-reply.js";
import type {
  EgressRecord,
  Result,
  Send,
  StateValue,
  TimerChange,
} from "@statewire/protos/statewire/v1/stream.js";
import { parseTypeName } from "../address.js";
import type { RegisteredFunction, RegisteredState } from "../registered-function.js";
import type { StateExpiration } from "../state.js";

/** The FromFunction that says what a batch did. Replies have no form in it: nobody waits for one. */
export function encodeResult(registered: RegisteredFunction, result: Result): Uint8Array {
  return FromFunction.encode({
    response: {
      $case: "invocationResult",
      value: {
        stateMutations: result.stateChanges.map((change) => toMutation(registered, change)),
        outgoingMessages: result.sends.map(toInvocation),
        delayedInvocations: result.timerChanges.map(toDelayed),
        outgoingEgresses: result.egressRecords.map(toEgressMessage),
      },
    },
  }).finish();
}

/** The FromFunction that asks for states that the request lacked. */
export function encodeMissingStates(missing: readonly RegisteredState[]): Uint8Array {
  return FromFunction.encode({
    response: {
      $case: "incompleteInvocationContext",
      value: {
        missingValues: missing.map(({ name, declaration }) => ({
          stateName: name,
          expirationSpec: toExpirationSpec(declaration.expiration),
          typeTypename: declaration.type.typename,
        })),
      },
    },
  }).finish();
}

function toMutation(
  registered: RegisteredFunction,
  { state, value }: StateValue,
): FromFunction_PersistedValueMutation {
  const { name: stateName = "", declaration } = registered.states[state] ?? {};
  return value === undefined
    ? { mutationType: MutationType.DELETE, stateName, stateValue: undefined }
    : {
        mutationType: MutationType.MODIFY,
        stateName,
        stateValue: toTypedValue(declaration?.type.typename ?? "", value),
      };
}

function toInvocation({ typeName, id, typename, value }: Send): {
  target: { namespace: string; type: string; id: string };
  argument: TypedValue;
} {
  return { target: { ...parseTypeName(typeName), id }, argument: toTypedValue(typename, value) };
}

function toDelayed({ change }: TimerChange): FromFunction_DelayedInvocation {
  if (change?.$case === "schedule" && change.value.send !== undefined) {
    const { send, delayMs, cancellationToken } = change.value;
    return {
      ...toInvocation(send),
      delayInMs: delayMs,
      isCancellationRequest: false,
      cancellationToken,
    };
  }
  return {
    delayInMs: 0,
    target: undefined,
    argument: undefined,
    isCancellationRequest: true,
    cancellationToken: change?.$case === "cancel" ? change.value : "",
  };
}

function toEgressMessage({ egress, typename, value }: EgressRecord): {
  egressNamespace: string;
  egressType: string;
  argument: TypedValue;
} {
  const { namespace, type } = parseTypeName(egress);
  return {
    egressNamespace: namespace,
    egressType: type,
    argument: toTypedValue(typename, value),
  };
}

function toTypedValue(typename: string, value: Uint8Array | undefined): TypedValue {
  return value === undefined
    ? { typename, hasValue: false, value: new Uint8Array(0) }
    : { typename, hasValue: true, value };
}

function toExpirationSpec(expiration: StateExpiration | undefined): FromFunction_ExpirationSpec {
  if (expiration === undefined) {
    return { mode: ExpireMode.NONE, expireAfterMillis: 0 };
  }
  return {
    mode: expiration.mode === "after-write" ? ExpireMode.AFTER_WRITE : ExpireMode.AFTER_INVOKE,
    expireAfterMillis: expiration.durationMs,
  };
}
