import assert from "node:assert/strict";
import { Failure_Code, Result, ServerFrame } from "@statewire/protos/statewire/v1/stream.js";
import { ProtocolViolation } from "./protocol-violation.js";
import { ResultDecoder } from "./result-decoder.js";
import { StreamTypes } from "./stream-types.js";

// Goal: every clause that the decoder raises ends the stream, every clause that it refuses marks one
// result and leaves its neighbours alone. Method: frames of the generated code.

const limits = { valueBytesMax: 16, idBytesMax: 8, effectsMax: 3 };
const functions = ["example/counter", "mail/*"].map((pattern) => ({
  pattern,
  states: [],
  inFlightMax: 0,
  batchMax: 0,
}));
const plenty = 1_000_000;

type PartialResult = Parameters<typeof Result.create>[0];

function frameOf(...results: PartialResult[]): Buffer {
  const value = { results: results.map((result) => Result.create(result)) };
  return Buffer.from(ServerFrame.encode({ frame: { $case: "results", value } }).finish());
}

function decode(frame: Buffer, creditBytes = plenty) {
  return new ResultDecoder(limits).decode(frame, new StreamTypes(functions), creditBytes);
}

function only(result: PartialResult) {
  const [decoded] = decode(frameOf(result))?.results ?? [];
  assert.ok(decoded !== undefined);
  return decoded;
}

function assertRefused(clause: string, message: RegExp, result: PartialResult): void {
  const { results } = decode(frameOf({ invocationId: 1 }, result, { invocationId: 3 })) ?? {};
  assert.deepEqual(
    results?.map(({ refused }) => refused?.clause ?? null),
    [null, clause, null],
  );
  assert.match(results?.[1]?.refused?.message ?? "", message);
}

function assertAccepted(result: PartialResult): void {
  assert.equal(only(result).refused, null);
}

function assertViolates(clause: string, frame: Buffer, creditBytes = plenty): void {
  assert.throws(
    () => decode(frame, creditBytes),
    (error: unknown) => {
      assert.ok(error instanceof ProtocolViolation, String(error));
      assert.equal(error.clause, clause, error.message);
      return true;
    },
  );
}

/** A frame whose single result has these bytes. */
function rawResult(...bytes: number[]): Buffer {
  return Buffer.from([0x12, bytes.length + 2, 0x0a, bytes.length, ...bytes]);
}

const send = { type: 1, id: "a", typename: "example/ping" };
const record = { egress: "example/out", typename: "example/line" };

function timer(change: object): PartialResult {
  return { timerChanges: [{ change: change as { $case: "cancel"; value: string } }] };
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("ResultDecoder refuses one result", () => {
  it("with a value longer than valueBytesMax, wherever it is [LIMIT-2]", () => {
    const value = Buffer.alloc(17);
    const size = "value of 17 bytes exceeds valueBytesMax 16";
    const sent = new RegExp(`^send to [^ ]+: ${size}$`);
    assertRefused("LIMIT-2", new RegExp(`^${size}$`), { stateChanges: [{ value }] });
    assertRefused("LIMIT-2", sent, { sends: [{ ...send, value }] });
    assertRefused("LIMIT-2", new RegExp(`^record for ${record.egress}: ${size}$`), {
      egressRecords: [{ ...record, value }],
    });
    assertRefused("LIMIT-2", new RegExp(`^reply to input 2: ${size}$`), {
      replies: [{ input: 2, typename: "a/b", value }],
    });
    assertRefused(
      "LIMIT-2",
      sent,
      timer({ $case: "schedule", value: { send: { ...send, value } } }),
    );
    assertAccepted({ sends: [{ ...send, value: Buffer.alloc(16) }] });
  });

  it("with a typename of more than 1024 bytes [LIMIT-12]", () => {
    const message = /typename of 1025 bytes exceeds 1024/;
    assertRefused("LIMIT-12", message, { sends: [{ ...send, typename: "x".repeat(1025) }] });
  });

  it("with an id of more bytes than idBytesMax [LIMIT-3]", () => {
    const message = /id of 9 bytes exceeds idBytesMax 8/;
    assertRefused("LIMIT-3", message, { sends: [{ ...send, id: "123456789" }] });
    assertRefused("LIMIT-3", message, { sends: [{ ...send, id: "ééééx" }] });
    assertAccepted({ sends: [{ ...send, id: "éééé" }] });
    assertAccepted({ sends: [{ ...send, id: "" }] });
  });

  it("with more effects than effectsMax, all kinds together, replies apart [LIMIT-4]", () => {
    const mixed: PartialResult = {
      sends: [send, send],
      egressRecords: [record],
      replies: [{ input: 0, typename: "a/b" }],
    };
    assertAccepted(mixed);
    assertRefused("LIMIT-4", /4 effects exceed effectsMax 3/, {
      ...mixed,
      timerChanges: [{ change: { $case: "cancel", value: "t" } }],
    });
  });

  it("with a type_name that is no function type [SEND-3]", () => {
    for (const typeName of ["example", "example/", "/counter", "a/b/c", "example/*", "*/x"]) {
      assertRefused("SEND-3", /is not namespace\/type/, {
        sends: [{ ...send, type: 0, typeName }],
      });
    }
    assert.equal(
      only({ sends: [{ ...send, type: 0, typeName: "x/y" }] }).sends[0]?.typeName,
      "x/y",
    );
  });

  it("with an empty typename in a send, a record or a reply [SEND-5]", () => {
    assertRefused("SEND-5", /empty typename/, { sends: [{ ...send, typename: "" }] });
    assertRefused("SEND-5", /empty typename/, { egressRecords: [{ ...record, typename: "" }] });
    assertRefused("SEND-5", /empty typename/, { replies: [{ input: 0 }] });
    assertRefused(
      "SEND-5",
      /empty typename/,
      timer({ $case: "schedule", value: { send: { ...send, typename: "" } } }),
    );
  });

  it("with a cancellation without a token [TIMER-6]", () => {
    assertRefused("TIMER-6", /without a token/, timer({ $case: "cancel", value: "" }));
  });

  it("with a token of more than 255 bytes [TIMER-7]", () => {
    const long = `${"é".repeat(127)}xx`;
    const most = `${"é".repeat(127)}x`;
    const schedule = (cancellationToken: string) =>
      timer({ $case: "schedule", value: { send, cancellationToken } });
    assertRefused("TIMER-7", /256 bytes exceeds 255/, timer({ $case: "cancel", value: long }));
    assertRefused("TIMER-7", /256 bytes exceeds 255/, schedule(long));
    assertAccepted(timer({ $case: "cancel", value: most }));
    assertAccepted(schedule(most));
  });

  it("with two replies to one input [REPLY-2]", () => {
    const reply = { typename: "a/b" };
    assertRefused("REPLY-2", /two replies/, {
      replies: [
        { ...reply, input: 4 },
        { ...reply, input: 2 },
        { ...reply, input: 4 },
      ],
    });
    assertAccepted({
      replies: [
        { ...reply, input: 4 },
        { ...reply, input: 2 },
      ],
    });
  });

  it("naming the first clause that it breaks", () => {
    const sends = [{ ...send, typename: "", id: "123456789", value: Buffer.alloc(17) }];
    assert.equal(only({ sends }).refused?.clause, "LIMIT-2");
  });
});

describe("ResultDecoder ends the stream", () => {
  it("at a send with no type, or with both [SEND-1]", () => {
    assertViolates("SEND-1", frameOf({ sends: [{ ...send, type: 0 }] }));
    assertViolates("SEND-1", frameOf({ sends: [{ ...send, typeName: "example/counter" }] }));
    assertViolates("SEND-1", frameOf(timer({ $case: "schedule", value: {} })));
  });

  it("at a type index that is not assigned, or a wildcard's [SEND-2]", () => {
    assertViolates("SEND-2", frameOf({ sends: [{ ...send, type: 3 }] }));
    assertViolates("SEND-2", frameOf({ sends: [{ ...send, type: 2 }] }));
    assertViolates("SEND-2", frameOf({ sends: [{ ...send, type: 0xffff_ffff }] }));
  });

  it("at an empty timer change, or one of a kind that is not known [TIMER-1]", () => {
    assertViolates("TIMER-1", frameOf({ timerChanges: [{}] }));
    assertViolates("TIMER-1", rawResult(0x22, 0x02, 0x18, 0x01));
  });

  it("at a state that is changed twice in one result [STATE-3]", () => {
    assertViolates(
      "STATE-3",
      frameOf({ stateChanges: [{ state: 1 }, { state: 2 }, { state: 1 }] }),
    );
    assertAccepted({ stateChanges: [{ state: 1 }, { state: 2 }] });
    const [first, second] = decode(frameOf({ stateChanges: [{}] }, { stateChanges: [{}] }))
      ?.results ?? [undefined, undefined];
    assert.equal(first?.stateChanges.length, second?.stateChanges.length);
  });

  it("at an integer above 2^53 - 1 [LIMIT-7]", () => {
    const most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    const over = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    assert.equal(decode(rawResult(0x08, ...most))?.results[0]?.invocation, Number.MAX_SAFE_INTEGER);
    assertViolates("LIMIT-7", rawResult(0x08, ...over));
    assertViolates("LIMIT-7", rawResult(0x08, ...Array(9).fill(0xff), 0x01));
  });

  it("at a result sent without credit, results of one frame counted one by one [CREDIT-4]", () => {
    const ten = { stateChanges: [{ value: Buffer.alloc(10) }] };
    assertViolates("CREDIT-4", frameOf({}), 0);
    assertViolates("CREDIT-4", frameOf({}), -5);
    assertViolates("CREDIT-4", frameOf(ten, {}), 10);
    const over = decode(frameOf(ten, ten), 11);
    assert.equal(over?.payloadBytes, 20, "the balance may fall below 0");
  });

  it("at bytes that are no message [FRAME-2]", () => {
    assertViolates("FRAME-2", Buffer.from([0x12]));
    assertViolates("FRAME-2", Buffer.from([0x12, 0x05, 0x0a, 0x01]));
    assertViolates("FRAME-2", rawResult(0x1a, 0x05, 0x08));
    assertViolates("FRAME-2", rawResult(0x08, ...Array(10).fill(0x80), 0x01));
    assertViolates("FRAME-2", rawResult(0x0b, 0x01));
    assertViolates("FRAME-2", rawResult(0x09, 0x01, 0x02));
    assertViolates("FRAME-2", rawResult(0x00, 0x01));
  });

  it("at a string that is not UTF-8 [FRAME-2]", () => {
    assertViolates("FRAME-2", rawResult(0x1a, 0x03, 0x1a, 0x01, 0xff));
    assertViolates("FRAME-2", rawResult(0x2a, 0x05, 0x0a, 0x03, 0xed, 0xa0, 0x80));
  });

  it("but not at fields that are not known, in any message [FRAME-3]", () => {
    const unknown = [0xf8, 0x07, 0x05, 0xfa, 0x07, 0x02, 0x01, 0x02, 0xfd, 0x07, 1, 2, 3, 4];
    const frame = Buffer.from([0x12, unknown.length * 2 + 2, 0x0a, unknown.length, ...unknown]);
    assert.equal(decode(Buffer.concat([frame, Buffer.from(unknown)]))?.results.length, 1);
  });
});

describe("ResultDecoder reads", () => {
  it("names from indexes, and keeps absent and empty values apart [STATE-2]", () => {
    const result = only({
      invocationId: 7,
      stateChanges: [{ state: 2 }, { state: 3, value: Buffer.alloc(0) }],
      sends: [{ ...send, traceparent }],
    });
    assert.equal(result.invocation, 7);
    assert.deepEqual(
      result.stateChanges.map(({ state, value }) => [state, value?.length]),
      [
        [2, undefined],
        [3, 0],
      ],
    );
    assert.deepEqual(result.sends, [
      {
        typeName: "example/counter",
        id: "a",
        message: { typename: "example/ping", value: null },
        traceparent,
      },
    ]);
  });

  it("every code of a failure, and unknown ones as the function's fault [FAIL-6]", () => {
    const codeOf = (code: Failure_Code) => only({ failure: { code } }).failure?.code;
    assert.equal(codeOf(Failure_Code.BAD_INPUT), "badInput");
    assert.equal(codeOf(Failure_Code.BAD_STATE), "badState");
    assert.equal(codeOf(Failure_Code.TIMEOUT), "timeout");
    assert.equal(codeOf(Failure_Code.OVERLOADED), "overloaded");
    assert.equal(codeOf(Failure_Code.UNKNOWN_FUNCTION), "unknownFunction");
    assert.equal(codeOf(Failure_Code.FUNCTION), "function");
    assert.equal(codeOf(Failure_Code.UNSPECIFIED), "function");
    assert.equal(codeOf(77 as Failure_Code), "function");
  });

  it("a failure's message of 4,096 bytes at most [FAIL-5]", () => {
    const messageOf = (message: string) => only({ failure: { message } }).failure?.message ?? "";
    assert.equal(messageOf("x".repeat(5000)), "x".repeat(4096));
    const cut = messageOf("é".repeat(5000));
    assert.equal(Buffer.byteLength(cut), 4096);
    assert.equal(cut, "é".repeat(2048));
    assert.equal(messageOf(`${"x".repeat(4095)}é`), "x".repeat(4095), "no half of a character");
  });

  it("values that stay as bytes of their own: the frame may be used again", () => {
    const value = Buffer.from("value");
    const frame = frameOf({ sends: [{ type: 1, id: "x", typename: "t/v", value }] });
    const decoded = decode(frame);
    frame.fill(0);
    const [send] = decoded?.results[0]?.sends ?? [];
    assert.equal(Buffer.from(send?.message.value ?? []).toString(), "value");
  });

  it("frames of other kinds not at all", () => {
    const drain = ServerFrame.encode({ frame: { $case: "drain", value: { reason: "r" } } });
    assert.equal(decode(Buffer.from(drain.finish())), undefined);
    assert.equal(decode(Buffer.alloc(0)), undefined);
  });
});
