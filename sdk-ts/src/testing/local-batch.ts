import type { Input, Limits } from "@statewire/protos/statewire/v1/stream.js";
import { type Address, parseTypeName } from "../address.js";
import { runBatch } from "../batch-runner.js";
import type { RegisteredFunction } from "../registered-function.js";
import { Batch } from "../session/batch.js";
import type { TypedValue } from "../typed-value.js";
import type { MemoryState } from "./memory-state.js";

/** A message in a mailbox of a test. */
export interface LocalMessage {
  readonly value: TypedValue;
  readonly caller: Address | undefined;
  readonly wantsReply: boolean;
}

/** The runtime's defaults, so that a test meets the limits that production has. */
const limits: Limits = {
  frameBytesMax: 4 * 1024 * 1024,
  valueBytesMax: 1024 * 1024,
  idBytesMax: 512,
  effectsMax: 10_000,
  resultCreditBytes: Number.MAX_SAFE_INTEGER,
};

/** Messages of one address, and what they find. */
export interface LocalRun {
  readonly registered: RegisteredFunction;
  readonly target: Address;
  readonly messages: readonly LocalMessage[];
  readonly state: MemoryState;
  readonly attempt: number;
  readonly nowMs: number;
}

/** A batch that has run, and what was thrown if it failed. */
export interface LocalOutcome {
  readonly batch: Batch;
  readonly error: unknown;
}

/**
 * Runs messages of one address through the same code that a server runs. Calls back at once when no
 * handler returns a promise.
 */
export function runLocally(run: LocalRun, finished: (outcome: LocalOutcome) => void): void {
  const callers: string[] = [""];
  const batch = new Batch({
    invocation: {
      invocationId: 1,
      id: run.target.id,
      inputs: run.messages.map((message) => toInput(message, callers)),
      attempt: run.attempt,
      timeoutMs: 0,
    },
    typeName: `${run.target.namespace}/${run.target.type}`,
    functionIndex: 0,
    slots: run.state.slots(run.nowMs),
    lazyStates: run.registered.states.map(({ declaration }) => declaration.lazy),
    limits,
    types: { typeNameOf: (index) => callers[index] ?? "" },
  });
  const { signal } = new AbortController();
  let thrown: unknown;
  runBatch(run.registered, batch, {
    finished: () => finished({ batch, error: thrown }),
    failed: (_batch, error) => {
      thrown = error;
    },
    loadState: async (_batch, state) => {
      batch.loadStates([{ state, value: run.state.read(state, run.nowMs) }]);
    },
    signalOf: () => signal,
  });
}

/** Splits "namespace/type" and an id into an address. */
export function toAddress(typeName: string, id: string): Address {
  return { ...parseTypeName(typeName), id };
}

function toInput(message: LocalMessage, callers: string[]): Input {
  const { caller, value } = message;
  return {
    callerType: caller === undefined ? 0 : callers.push(`${caller.namespace}/${caller.type}`) - 1,
    callerId: caller?.id ?? "",
    typename: value.typename,
    value: value.value === undefined ? undefined : Buffer.from(value.value),
    wantsReply: message.wantsReply,
    traceparent: "",
  };
}
