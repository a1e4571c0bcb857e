import type { Result } from "@statewire/protos/statewire/v1/stream.js";
import { Failure_Code, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import type { Random } from "../support/random.js";
import type { Work } from "./function-server.js";
import { letterTypename } from "./program.js";
import { emptyResult, ghost, payloadBytes } from "./result-maker.js";

/** A frame that breaks the protocol. */
export interface ViolatingFrame {
  readonly clause: string;
  readonly bytes: Buffer;
  /** What it takes from the credit. */
  readonly payloadBytes: number;
}

/** A frame that breaks the protocol in one of many ways; most need an invocation to be about. */
export function violation(random: Random, work: Iterable<Work>): ViolatingFrame | undefined {
  const [first] = work;
  const kinds = first === undefined ? frameViolations : [...frameViolations, ...resultViolations];
  const make = random.pick(kinds);
  return make(first as Work);
}

type Make = (work: Work) => ViolatingFrame;

const frameViolations: readonly Make[] = [
  () => ({ clause: "FRAME-1", bytes: Buffer.alloc(0), payloadBytes: 0 }),
  // A batch of results that says it is longer than its frame.
  () => ({ clause: "FRAME-2", bytes: Buffer.from([0x12, 0x7f, 0x0a]), payloadBytes: 0 }),
  () => ({
    clause: "LAZY-5",
    bytes: encode({
      $case: "stateRequest",
      value: { invocationId: 1, states: [], leaseMissing: false },
    }),
    payloadBytes: 0,
  }),
];

const value = Buffer.from(ghost);

/** Every one has effects as well: if anything of them counted, it would show. */
const resultViolations: readonly Make[] = [
  ({ invocation }) =>
    frame("STATE-4", {
      ...emptyResult(invocation),
      stateChanges: [
        { state: 0, value },
        { state: 99, value },
      ],
    }),
  ({ invocation }) =>
    frame("STATE-3", {
      ...emptyResult(invocation),
      stateChanges: [
        { state: 0, value },
        { state: 0, value },
      ],
    }),
  ({ invocation, inputs }) =>
    frame("REPLY-3", {
      ...emptyResult(invocation),
      replies: [{ input: inputs.length, typename: letterTypename, value }],
    }),
  ({ invocation, inputs }) =>
    frame("FAIL-2", { ...failed(invocation, inputs.length), stateChanges: [{ state: 0, value }] }),
  ({ invocation }) =>
    frame("FAIL-9", { ...failed(invocation, 0), stateChanges: [{ state: 0, value }] }),
  ({ invocation }) =>
    frame("SEND-2", {
      ...emptyResult(invocation),
      sends: [
        { type: 99, typeName: "", id: "0", typename: letterTypename, value, traceparent: "" },
      ],
    }),
];

function failed(invocation: number, completedInputs: number): Result {
  const failure = {
    code: Failure_Code.FUNCTION,
    message: "",
    retryable: true,
    retryAfterMs: 0,
    completedInputs,
  };
  return { ...emptyResult(invocation), failure };
}

function frame(clause: string, result: Result): ViolatingFrame {
  const bytes = encode({ $case: "results", value: { results: [result] } });
  return { clause, bytes, payloadBytes: payloadBytes(result) };
}

function encode(content: ServerFrame["frame"]): Buffer {
  return Buffer.from(ServerFrame.encode({ frame: content }).finish());
}
