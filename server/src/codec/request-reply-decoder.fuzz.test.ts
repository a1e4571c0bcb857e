import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { mutations } from "@statewire/fuzz/mutation.js";
import { decodeOwing } from "@statewire/fuzz/owes.js";
import { FromFunction } from "@statewire/protos/statefun/request-reply.js";
import fc from "fast-check";
import { isFunctionTypeName } from "../core/address.js";
import { MalformedMessageError } from "./protobuf-message.js";
import { decodeFromFunction } from "./request-reply-decoder.js";

// Goal: whatever an HTTP function server answers is read, refused with a reason, or no answer; and what
// is read keeps every limit. Method: valid answers with changed bytes, and any bytes at all.

const limits = { valueBytesMax: 30, idBytesMax: 10, effectsMax: 4 };
const states = [{ state: 3, name: "count", typename: "io.statefun.types/int" }];

const target = { namespace: "a", type: "b", id: "c" };
const argument = { typename: "a/text", hasValue: true, value: Buffer.from("value") };
const stateValue = { typename: "io.statefun.types/int", hasValue: true, value: Buffer.from("1") };

const answers: readonly Uint8Array[] = [
  FromFunction.create({
    response: {
      $case: "invocationResult",
      value: {
        stateMutations: [
          { mutationType: 1, stateName: "count", stateValue },
          { mutationType: 0, stateName: "count" },
        ],
        outgoingMessages: [{ target, argument }],
        delayedInvocations: [
          { delayInMs: 5, target, argument, cancellationToken: "token" },
          { isCancellationRequest: true, cancellationToken: "token" },
        ],
        outgoingEgresses: [{ egressNamespace: "a", egressType: "b", argument }],
      },
    },
  }),
  FromFunction.create({
    response: {
      $case: "incompleteInvocationContext",
      value: {
        missingValues: [
          {
            stateName: "name",
            typeTypename: "a/text",
            expirationSpec: { mode: 1, expireAfterMillis: 1000 },
          },
        ],
      },
    },
  }),
].map((message) => FromFunction.encode(message).finish());

describe("decodeFromFunction, of any bytes", () => {
  fuzz(
    "request-reply: changed bytes",
    fc.property(mutations(answers), (bytes) => assertOwed(bytes)),
    { inputs: 3000 },
  );

  fuzz(
    "request-reply: any bytes",
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => assertOwed(bytes)),
    { inputs: 600 },
  );
});

function assertOwed(bytes: Uint8Array): void {
  const reply = decodeOwing(
    bytes.length,
    () => decodeFromFunction(bytes, { limits, states }),
    (error) => error instanceof MalformedMessageError,
  );
  if (reply === undefined) return;
  if (reply.kind === "refused") assert.notEqual(reply.reason, "");
  if (reply.kind === "incomplete") assert.ok(reply.states.length > 0);
  if (reply.kind !== "result") return;
  const { sends, timerChanges, egressRecords, stateChanges } = reply.effects;
  assert.ok(sends.length + timerChanges.length + egressRecords.length <= limits.effectsMax);
  assert.ok(stateChanges.every(({ state }) => state === 3));
  const delayed = timerChanges.flatMap((change) => (change.kind === "schedule" ? [change] : []));
  for (const { delayMs } of delayed) assert.ok(delayMs >= 0);
  for (const { typeName, id, message } of [...sends, ...delayed.map(({ message: sent }) => sent)]) {
    assert.ok(isFunctionTypeName(typeName));
    assert.ok(Buffer.byteLength(id) <= limits.idBytesMax);
    assert.ok((message.value?.length ?? 0) <= limits.valueBytesMax);
  }
}
