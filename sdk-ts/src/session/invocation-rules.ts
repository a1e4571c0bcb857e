import type { Invocation, Limits } from "@statewire/protos/statewire/v1/stream.js";
import type { FunctionPlan } from "./function-plan.js";
import { ProtocolViolation } from "./protocol-violation.js";
import type { TypeIndex } from "./type-index.js";

/** What an invocation is held against. */
export interface InvocationRules {
  readonly types: TypeIndex;
  readonly limits: Limits;
  readonly leases: boolean;
}

/**
 * Checks what can be checked of an invocation alone; its states are checked where they are read.
 *
 * @throws ProtocolViolation INVOKE-4, INVOKE-5, LIMIT-2, LIMIT-3, STATE-9 or LEASE-4.
 */
export function validateInvocation(
  invocation: Invocation,
  plan: FunctionPlan,
  rules: InvocationRules,
): void {
  const { invocationId, inputs, states, lease } = invocation;
  if (inputs.length === 0 || (plan.batchMax !== 0 && inputs.length > plan.batchMax)) {
    throw new ProtocolViolation(
      "INVOKE-4",
      `invocation ${invocationId} has ${inputs.length} inputs, batch_max is ${plan.batchMax}`,
    );
  }
  validateIdLength(invocation.id, rules.limits.idBytesMax);
  validateInputs(invocation, rules);
  if (lease !== 0 && !rules.leases) {
    throw new ProtocolViolation("LEASE-4", `invocation ${invocationId} names a lease`);
  }
  if (lease !== 0 && states.length > 0) {
    throw new ProtocolViolation(
      "STATE-9",
      `invocation ${invocationId} names a lease and lists ${states.length} states`,
    );
  }
  for (const state of states) {
    validateValueLength(state.value, rules.limits.valueBytesMax);
  }
}

function validateInputs(invocation: Invocation, rules: InvocationRules): void {
  for (const input of invocation.inputs) {
    const { callerType, callerId } = input;
    const known = callerType === 0 ? callerId === "" : rules.types.isFunctionType(callerType);
    if (!known) {
      throw new ProtocolViolation(
        "INVOKE-5",
        `invocation ${invocation.invocationId} has an input with caller type ${callerType}`,
      );
    }
    validateValueLength(input.value, rules.limits.valueBytesMax);
  }
}

function validateIdLength(id: string, idBytesMax: number): void {
  // A UTF-16 unit takes 3 bytes at most, so most ids need no count.
  if (id.length * 3 > idBytesMax && Buffer.byteLength(id) > idBytesMax) {
    throw new ProtocolViolation(
      "LIMIT-3",
      `id of ${Buffer.byteLength(id)} bytes exceeds id_bytes_max ${idBytesMax}`,
    );
  }
}

function validateValueLength(value: Uint8Array | undefined, valueBytesMax: number): void {
  if (value !== undefined && value.length > valueBytesMax) {
    throw new ProtocolViolation(
      "LIMIT-2",
      `value of ${value.length} bytes exceeds value_bytes_max ${valueBytesMax}`,
    );
  }
}
