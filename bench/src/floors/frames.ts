import type { Result, RuntimeFrame, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";

/**
 * The frames of a workload, without a runtime: what crosses the stream to a function server when
 * every invocation has one input and one state, and changes that state.
 *
 * - `counter`: the input came from an ingress; the result changes the state.
 * - `hop`: the input came from another instance; the result also sends a message on.
 */
export type FrameShape = "counter" | "hop";

export const stateBytes = 38;
const argument: Buffer = Buffer.from([9, 1, 0, 0, 0, 0, 0, 0, 0]);
const argumentTypename = "io.statefun.types/long";

/** Invocations of `ids[keys[i]]`, numbered from `firstInvocation`. */
export function invocationFrame(
  shape: FrameShape,
  firstInvocation: number,
  ids: readonly string[],
): RuntimeFrame {
  const state = Buffer.alloc(stateBytes, 1);
  const invocations = ids.map((id, index) => ({
    invocationId: firstInvocation + index,
    type: 1,
    id,
    inputs: [
      {
        callerType: shape === "hop" ? 1 : 0,
        callerId: shape === "hop" ? id : "",
        typename: argumentTypename,
        value: argument,
        wantsReply: false,
        traceparent: "",
      },
    ],
    states: [{ state: 0, value: state }],
    lease: 0,
    timeoutMs: 0,
    attempt: 0,
    noLease: false,
  }));
  return {
    frame: { $case: "invocations", value: { types: [], invocations, resultCreditBytes: 0 } },
  };
}

/** The results of a frame of invocations: each state changed, and with `hop` a message sent. */
export function resultFrame(shape: FrameShape, frame: RuntimeFrame): ServerFrame {
  if (frame.frame?.$case !== "invocations") throw new Error("expected a frame of invocations");
  const results = frame.frame.value.invocations.map((invocation): Result => {
    const state = Buffer.from(invocation.states[0]?.value ?? []);
    state[0] = (state[0] ?? 0) + (invocation.inputs[0]?.value?.[1] ?? 0);
    return {
      invocationId: invocation.invocationId,
      stateChanges: [{ state: 0, value: state }],
      sends: shape === "hop" ? [sendTo(invocation.id)] : [],
      timerChanges: [],
      egressRecords: [],
      replies: [],
      failure: undefined,
    };
  });
  return { frame: { $case: "results", value: { results } } };
}

function sendTo(id: string): Result["sends"][number] {
  return {
    type: 1,
    typeName: "",
    id,
    typename: argumentTypename,
    value: argument,
    traceparent: "",
  };
}
