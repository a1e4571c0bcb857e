import assert from "node:assert/strict";
import { FromFunction, ToFunction } from "@statewire/protos/statefun/request-reply.js";
import { createType } from "../core/catalog.js";
import { MalformedMessageError } from "./protobuf-message.js";
import { decodeFromFunction, type FunctionReply } from "./request-reply-decoder.js";
import { encodeToFunction } from "./request-reply-encoder.js";

// Goal: what is read from an answer, and what makes the whole of it worth nothing. Method: bytes by
// hand where they matter, the generated writer for the rest.

const limits = { valueBytesMax: 1000, idBytesMax: 20, effectsMax: 3 };
const states = [{ state: 4, name: "count", typename: "io.statefun.types/int" }];

function decode(bytes: Uint8Array): FunctionReply {
  return decodeFromFunction(bytes, { limits, states });
}

function decodeResult(value: object): FunctionReply {
  const message = FromFunction.create({ response: { $case: "invocationResult", value } });
  return decode(FromFunction.encode(message).finish());
}

function decodeIncomplete(...missingValues: object[]): FunctionReply {
  const value = { missingValues };
  const message = FromFunction.create({
    response: { $case: "incompleteInvocationContext", value },
  });
  return decode(FromFunction.encode(message).finish());
}

const target = { namespace: "a", type: "b", id: "c" };
const argument = { typename: "a/text", hasValue: true, value: Buffer.from("x") };

describe("an answer of a function server", () => {
  it("is a success without effects when it is empty, in either form", () => {
    const nothing = {
      stateChanges: [],
      sends: [],
      timerChanges: [],
      egressRecords: [],
      replies: [],
    };
    for (const hex of ["", "a20600"]) {
      assert.deepEqual(decode(Buffer.from(hex, "hex")), { kind: "result", effects: nothing });
    }
  });

  it("has its effects, each in the order in which it stands", () => {
    const reply = decodeResult({
      stateMutations: [
        { mutationType: 1, stateName: "count", stateValue: { typename: "io.statefun.types/int" } },
      ],
      outgoingMessages: [{ target, argument: { typename: "a/none" } }],
      delayedInvocations: [
        { delayInMs: 0, target, argument, cancellationToken: "t" },
        { isCancellationRequest: true, cancellationToken: "t" },
      ],
    });
    const message = { typename: "a/text", value: Buffer.from("x") };
    const outgoing = { typeName: "a/b", id: "c", message, traceparent: "" };
    assert.deepEqual(reply, {
      kind: "result",
      effects: {
        // No has_value, no bytes: a value all the same.
        stateChanges: [{ state: 4, value: Buffer.alloc(0) }],
        sends: [{ ...outgoing, message: { typename: "a/none", value: null } }],
        timerChanges: [
          { kind: "schedule", message: outgoing, delayMs: 0, token: "t" },
          { kind: "cancel", token: "t" },
        ],
        egressRecords: [],
        replies: [],
      },
    });
  });

  it("counts the last of several changes of one state", () => {
    const stateValue = { typename: "io.statefun.types/int", value: Buffer.from("1") };
    const set = { mutationType: 1, stateName: "count", stateValue };
    const reply = decodeResult({ stateMutations: [set, { mutationType: 0, stateName: "count" }] });
    assert.ok(reply.kind === "result");
    assert.deepEqual(reply.effects.stateChanges, [{ state: 4, value: null }]);
  });

  it("declares states with their expiration, each once", () => {
    const expirationSpec = { mode: 2, expireAfterMillis: 5 };
    const name = { stateName: "name", typeTypename: "a/text", expirationSpec };
    const reply = decodeIncomplete(name, { stateName: "other" }, { ...name, typeTypename: "b/c" });
    assert.deepEqual(reply, {
      kind: "incomplete",
      states: [
        {
          name: "name",
          typename: "a/text",
          lazy: false,
          expiration: { mode: "afterInvocation", durationMs: 5 },
        },
        { name: "other", typename: "io.statefun.types/unset", lazy: false, expiration: null },
      ],
    });
  });

  const refused: readonly (readonly [string, () => FunctionReply, RegExp])[] = [
    [
      "a state that is not registered",
      () => decodeResult({ stateMutations: [{ stateName: "no" }] }),
      /state "no", which is not registered/,
    ],
    [
      "a state of another type",
      () =>
        decodeResult({
          stateMutations: [{ mutationType: 1, stateName: "count", stateValue: argument }],
        }),
      /state "count" as "a\/text", registered as io.statefun.types\/int/,
    ],
    [
      "an unknown mutation",
      () => decodeResult({ stateMutations: [{ mutationType: 7, stateName: "count" }] }),
      /mutation type 7/,
    ],
    [
      "a message to nowhere",
      () => decodeResult({ outgoingMessages: [{ argument }] }),
      /outgoing_messages\[0\]: no target/,
    ],
    [
      "a namespace with a slash",
      () =>
        decodeResult({ outgoingMessages: [{ target: { ...target, namespace: "a/b" }, argument }] }),
      /"a\/b\/b" is not namespace\/type/,
    ],
    [
      "a long id",
      () =>
        decodeResult({
          outgoingMessages: [{ target: { ...target, id: "é".repeat(11) }, argument }],
        }),
      /id of 22 bytes exceeds idBytesMax 20/,
    ],
    [
      "a large value",
      () =>
        decodeResult({
          outgoingMessages: [{ target, argument: { ...argument, value: Buffer.alloc(1001) } }],
        }),
      /value of 1001 bytes exceeds valueBytesMax 1000/,
    ],
    [
      "a value without a type",
      () => decodeResult({ outgoingEgresses: [{ egressNamespace: "a", egressType: "b" }] }),
      /outgoing_egresses\[0\]: a value without typename/,
    ],
    [
      "a negative delay",
      () => decodeResult({ delayedInvocations: [{ delayInMs: -1, target, argument }] }),
      /delay of -1 ms/,
    ],
    [
      "a cancellation of nothing",
      () => decodeResult({ delayedInvocations: [{ isCancellationRequest: true }] }),
      /a cancellation without a token/,
    ],
    [
      "a long token",
      () =>
        decodeResult({
          delayedInvocations: [{ target, argument, cancellationToken: "t".repeat(256) }],
        }),
      /token of 256 bytes exceeds 255/,
    ],
    [
      "too many effects",
      () => decodeResult({ outgoingMessages: Array(4).fill({ target, argument }) }),
      /4 effects exceed effectsMax 3/,
    ],
    ["no missing state", () => decodeIncomplete(), /names none/],
    [
      "a missing state that was sent",
      () => decodeIncomplete({ stateName: "count" }),
      /"count" is said to be missing, and was sent/,
    ],
    ["a state without a name", () => decodeIncomplete({}), /state name of 0 bytes/],
    [
      "an expiration of no time",
      () => decodeIncomplete({ stateName: "x", expirationSpec: { mode: 1 } }),
      /expiration after 0 ms/,
    ],
    [
      "an unknown expiration",
      () => decodeIncomplete({ stateName: "x", expirationSpec: { mode: 9 } }),
      /expiration mode 9/,
    ],
  ];
  for (const [what, read, reason] of refused) {
    it(`is refused as a whole for ${what}`, () => {
      const reply = read();
      assert.ok(reply.kind === "refused", JSON.stringify(reply));
      assert.match(reply.reason, reason);
    });
  }

  it("is none when its bytes are not", () => {
    const bytes: readonly string[] = [
      "a206",
      "a20605",
      "00",
      "a2060a120800",
      "ff",
      "a206040a021201ff",
    ];
    for (const hex of bytes) {
      assert.throws(() => decode(Buffer.from(hex, "hex")), MalformedMessageError, hex);
    }
  });

  it("keeps nothing of the answer's memory", () => {
    const value = { outgoingMessages: [{ target, argument }] };
    const message = FromFunction.create({ response: { $case: "invocationResult", value } });
    const bytes = FromFunction.encode(message).finish();
    const reply = decode(bytes);
    assert.ok(reply.kind === "result");
    const sent = reply.effects.sends[0]?.message.value;
    assert.notEqual(sent?.buffer, bytes.buffer);
  });
});

describe("a request to a function server", () => {
  it("tells a value of no bytes from none, for inputs and for states", () => {
    const type = createType(1, "a/b");
    const base = { type, id: "c", callerType: null, callerId: "", traceparent: "", sequence: 1 };
    const rest = { key: "", request: 0, storedEpoch: 0, consumed: false };
    const bytes = encodeToFunction({
      typeName: "a/b",
      id: "c/d",
      messages: [
        { ...base, ...rest, typename: "x/y", value: Buffer.alloc(0) },
        { ...base, ...rest, typename: "x/y", value: null, callerType: type, callerId: "z" },
      ],
      states: [
        { state: 0, name: "zero", typename: "x/y", value: Buffer.alloc(0) },
        { state: 1, name: "none", typename: "x/y", value: null },
      ],
    });
    const { request } = ToFunction.decode(bytes);
    const empty = new Uint8Array(0);
    assert.deepEqual(request?.value, {
      target: { namespace: "a", type: "b", id: "c/d" },
      state: [
        { stateName: "zero", stateValue: { typename: "x/y", hasValue: true, value: empty } },
        { stateName: "none", stateValue: undefined },
      ],
      invocations: [
        { caller: undefined, argument: { typename: "x/y", hasValue: true, value: empty } },
        {
          caller: { namespace: "a", type: "b", id: "z" },
          argument: { typename: "x/y", hasValue: false, value: empty },
        },
      ],
    });
  });
});
