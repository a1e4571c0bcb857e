import assert from "node:assert/strict";
import { Failure_Code, type Send } from "@statewire/protos/statewire/v1/stream.js";
import { FunctionFailure, StatewireError } from "../errors.js";
import { Batch, type StateSlot } from "./batch.js";

const limits = {
  frameBytesMax: 1000,
  valueBytesMax: 250,
  idBytesMax: 6,
  effectsMax: 4,
  resultCreditBytes: 1,
};

function batchOf(inputCount: number, slots: StateSlot[] = [undefined, undefined]): Batch {
  const input = { callerType: 0, callerId: "", typename: "t/x", wantsReply: true, traceparent: "" };
  return new Batch({
    invocation: {
      invocationId: 7,
      id: "a",
      inputs: Array.from({ length: inputCount }, () => input),
      attempt: 3,
      timeoutMs: 0,
    },
    typeName: "shop/cart",
    functionIndex: 0,
    slots,
    lazyStates: [false, false],
    limits,
    types: { typeNameOf: () => "" },
  });
}

const send = (id = "b", bytes = 1): Send => ({
  type: 0,
  typeName: "shop/cart",
  id,
  typename: "t/x",
  value: Buffer.alloc(bytes),
  traceparent: "",
});
const text = (value: string): Buffer => Buffer.from(value);
const limitExceeded = { name: "StatewireError", code: "limit-exceeded" };

describe("a batch", () => {
  it("keeps the effects of the inputs before a failing one, and none of its own", () => {
    const batch = batchOf(3, [text("before"), undefined]);
    batch.writeState(0, text("one"));
    batch.send(send("b"));
    batch.egress({ egress: "a/b", typename: "t/x", value: text("r") });
    batch.reply("t/x", text("reply"));
    batch.completeInput();
    batch.writeState(0, text("two"));
    batch.writeState(1, text("new"));
    batch.send(send("c"));
    batch.schedule(send("d"), 5, "token");
    batch.reply("t/x", text("reply"));
    batch.failInput(new Error("no"));
    const result = batch.result();
    assert.deepEqual(result.stateChanges, [{ state: 0, value: text("one") }]);
    assert.deepEqual(
      result.sends.map(({ id }) => id),
      ["b"],
    );
    assert.deepEqual(result.timerChanges, []);
    assert.equal(result.egressRecords.length, 1);
    assert.deepEqual(
      result.replies.map((reply) => reply.input),
      [0],
    );
    assert.equal(result.failure?.completedInputs, 1);
    assert.equal(batch.payloadBytes(), 3 + 1 + 1 + 5);
    assert.equal(batch.input, undefined);
  });

  it("does nothing when its first input fails", () => {
    const batch = batchOf(2, [text("before"), undefined]);
    batch.writeState(0, undefined);
    batch.send(send());
    batch.failInput(new Error("no"));
    const { stateChanges, sends, failure } = batch.result();
    assert.deepEqual([stateChanges, sends, failure?.completedInputs], [[], [], 0]);
    assert.deepEqual(batch.finalSlots(), [text("before"), undefined]);
  });

  it("tells an empty value from none", () => {
    const batch = batchOf(1, [text("before"), undefined]);
    batch.writeState(0, undefined);
    batch.writeState(1, text(""));
    batch.completeInput();
    assert.deepEqual(batch.result().stateChanges, [
      { state: 0, value: undefined },
      { state: 1, value: text("") },
    ]);
  });

  it("counts failed attempts for its first input only", () => {
    const batch = batchOf(2);
    assert.equal(batch.attempt, 3);
    batch.completeInput();
    assert.equal(batch.attempt, 0);
  });

  const breaches: [string, RegExp, (batch: Batch) => void][] = [
    [
      "an id that is too long",
      /id of 7 bytes, of an address of shop\/cart, exceeds idBytesMax 6 of the runtime/,
      (b) => b.send(send("ab日é")),
    ],
    [
      "a value that is too large",
      /value of 251 bytes, in a send to shop\/cart\/b, exceeds valueBytesMax 250 of the runtime/,
      (b) => b.send(send("b", 251)),
    ],
    [
      "a state that is too large",
      /value of 251 bytes exceeds/,
      (b) => b.writeState(0, Buffer.alloc(251)),
    ],
    [
      "eager states of more than half a frame",
      /eager states of 501 bytes together exceed half of frameBytesMax 1000/,
      (b) => {
        b.writeState(0, Buffer.alloc(250));
        b.writeState(1, Buffer.alloc(251));
      },
    ],
    [
      "more effects than effects_max",
      /result of 5 effects exceeds effectsMax 4/,
      (b) => {
        for (let count = 0; count < 5; count++) {
          b.cancel("t");
        }
      },
    ],
    [
      "a result larger than a frame",
      /result of \d+ bytes, with a record for a\/b, exceeds frameBytesMax 1000/,
      (b) => {
        for (let count = 0; count < 4; count++) {
          b.egress({ egress: "a/b", typename: "t/x", value: Buffer.alloc(240) });
        }
      },
    ],
  ];
  for (const [what, message, act] of breaches) {
    it(`refuses ${what}, naming the limit`, () => {
      assert.throws(() => act(batchOf(1)), { ...limitExceeded, message });
    });
  }

  it("may exceed a limit again when the inputs before used it up: alone the input can succeed", () => {
    const batch = batchOf(2);
    const failWith = (): unknown => {
      try {
        for (let count = 0; count < 3; count++) {
          batch.send(send());
        }
      } catch (error) {
        return error;
      }
      return undefined;
    };
    assert.equal(failWith(), undefined);
    batch.completeInput();
    const error = failWith();
    assert.ok(error instanceof StatewireError);
    batch.failInput(error);
    const { failure, sends } = batch.result();
    assert.equal(sends.length, 3);
    assert.deepEqual([failure?.code, failure?.retryable], [Failure_Code.FUNCTION, true]);
  });

  it("is not to be asked again when one input alone exceeds a limit", () => {
    const batch = batchOf(1);
    batch.failInput(new StatewireError("limit-exceeded", "too much"));
    assert.equal(batch.result().failure?.retryable, false);
  });

  it("refuses a second reply to one input", () => {
    const batch = batchOf(2);
    batch.reply("t/x", text("1"));
    assert.throws(() => batch.reply("t/x", text("2")), { code: "invalid-value" });
    batch.completeInput();
    batch.reply("t/x", text("3"));
    assert.deepEqual(
      batch.result().replies.map((reply) => reply.input),
      [0, 1],
    );
  });

  it("tells the runtime what was thrown, without its stack, in at most 4096 bytes", () => {
    const failures: [unknown, Failure_Code, string, boolean][] = [
      [new TypeError("no"), Failure_Code.FUNCTION, "TypeError: no", true],
      [new FunctionFailure("no"), Failure_Code.FUNCTION, "no", true],
      [new FunctionFailure("no", { retryable: false }), Failure_Code.FUNCTION, "no", false],
      ["text", Failure_Code.FUNCTION, "text", true],
      [undefined, Failure_Code.FUNCTION, "undefined", true],
      [Object.create(null), Failure_Code.FUNCTION, "a thrown object", true],
      [new StatewireError("bad-input", "no"), Failure_Code.BAD_INPUT, "no", false],
      [new StatewireError("bad-state", "no"), Failure_Code.BAD_STATE, "no", false],
      [
        new FunctionFailure(`x${"é".repeat(3000)}`),
        Failure_Code.FUNCTION,
        `x${"é".repeat(2047)}`,
        true,
      ],
    ];
    for (const [error, code, message, retryable] of failures) {
      const batch = batchOf(1);
      batch.failInput(error);
      const { failure } = batch.result();
      assert.deepEqual(
        [failure?.code, failure?.message, failure?.retryable],
        [code, message, retryable],
      );
    }
  });
});
