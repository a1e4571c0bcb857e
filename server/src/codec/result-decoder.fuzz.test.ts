import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import { Failure_Code, Result, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import fc from "fast-check";
import {
  anyResult,
  assertNamesClause,
  encodeResults,
  isViolation,
  resultFrames,
} from "../../test/support/fuzz-frames.js";
import type { FailureCode, InvocationResult, OutgoingMessage } from "../core/command.js";
import { ResultDecoder } from "./result-decoder.js";
import { StreamTypes } from "./stream-types.js";

// Goal: whatever a function server sends as results is read, or refused by a clause; and what is read
// is what the generated code reads. Method: valid frames with changed bytes, and any values in any
// field; what was read is written by the generated code and read again.

const limits = { valueBytesMax: 30, idBytesMax: 64, effectsMax: 4 };
const patterns = ["example/counter", "mail/*"];
const functions = patterns.map((pattern) => ({
  pattern,
  states: [],
  inFlightMax: 0,
  batchMax: 0,
}));
const creditBytes = 200;

describe("ResultDecoder, of any bytes", () => {
  fuzz(
    "results: changed bytes",
    fc.property(mutations(resultFrames), (frame) => {
      decodeTwice(frame);
    }),
    { inputs: 3000 },
  );

  fuzz(
    "results: any values",
    fc.property(fc.array(anyResult, { maxLength: 3 }), (results) => {
      decodeTwice(encodeResults(...results));
    }),
    { inputs: 600 },
  );
});

function decode(frame: Buffer) {
  const types = new StreamTypes(functions);
  return decodeOwing(
    frame.length,
    () => new ResultDecoder(limits).decode(frame, types, creditBytes),
    isViolation,
  );
}

function decodeTwice(frame: Buffer): void {
  const decoded = decode(frame);
  if (decoded === undefined) return;
  for (const { refused } of decoded.results) if (refused !== null) assertNamesClause(refused);
  assert.deepEqual(decode(encodeResults(...decoded.results.map(toWire))), decoded);
  assertAsGenerated(frame, decoded.results);
}

/** The generated code reads the same numbers and texts. */
function assertAsGenerated(frame: Buffer, results: readonly InvocationResult[]): void {
  const { frame: content } = ServerFrame.decode(frame);
  assert.equal(content?.$case, "results");
  assert.deepEqual(
    content.value.results.map(withNames),
    results.map((result) => withNames(Result.create(toWire(result)))),
  );
}

/** What both have in common: names in place of indexes, and what may be cut or dropped left out. */
function withNames(result: Result) {
  const sends = result.sends.map(withName);
  const timerChanges = result.timerChanges.map(({ change }) =>
    change?.$case === "schedule" && change.value.send !== undefined
      ? { ...change.value, send: withName(change.value.send) }
      : change,
  );
  const failure = result.failure && {
    ...result.failure,
    message: result.failure.message.slice(0, 1000),
    code: [...codeNumbers.values()].includes(result.failure.code)
      ? result.failure.code
      : Failure_Code.FUNCTION,
  };
  return { ...result, sends, timerChanges, failure };
}

function withName(send: Result["sends"][number]) {
  const typeName = send.type === 0 ? send.typeName : patterns[send.type - 1];
  return { ...send, type: 0, typeName, traceparent: "" };
}

const codeNumbers: ReadonlyMap<FailureCode, Failure_Code> = new Map([
  ["function", Failure_Code.FUNCTION],
  ["badInput", Failure_Code.BAD_INPUT],
  ["badState", Failure_Code.BAD_STATE],
  ["timeout", Failure_Code.TIMEOUT],
  ["overloaded", Failure_Code.OVERLOADED],
  ["unknownFunction", Failure_Code.UNKNOWN_FUNCTION],
]);

function toWire(result: InvocationResult): Parameters<typeof Result.create>[0] {
  const { invocation, failure, stateChanges, replies } = result;
  return {
    invocationId: invocation,
    stateChanges: stateChanges.map(({ state, value }) => ({ state, value: toBuffer(value) })),
    sends: result.sends.map(sendToWire),
    timerChanges: result.timerChanges.map((change) =>
      change.kind === "cancel"
        ? { change: { $case: "cancel", value: change.token } }
        : {
            change: {
              $case: "schedule",
              value: {
                send: sendToWire(change.message),
                delayMs: change.delayMs,
                cancellationToken: change.token,
              },
            },
          },
    ),
    egressRecords: result.egressRecords.map(({ egress, value }) => ({
      egress,
      typename: value.typename,
      value: toBuffer(value.value),
    })),
    replies: replies.map(({ input, value }) => ({
      input,
      typename: value.typename,
      value: toBuffer(value.value),
    })),
    failure:
      failure === null
        ? undefined
        : { ...failure, code: codeNumbers.get(failure.code) ?? Failure_Code.FUNCTION },
  };
}

function sendToWire({ typeName, id, message, traceparent }: OutgoingMessage) {
  const { typename, value } = message;
  return { type: 0, typeName, id, typename, value: toBuffer(value), traceparent };
}

function toBuffer(value: Uint8Array | null): Buffer | undefined {
  return value === null ? undefined : Buffer.from(value);
}
