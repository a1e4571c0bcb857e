/*
 * Transcripts of the pure session: when results leave, in which frames, and when they do not.
 */
import assert from "node:assert/strict";
import { Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { hello, input, invocations, testLimits } from "./support/runtime-stream.js";
import { credit, SessionScript, scriptOptions } from "./support/session-script.js";

const cart = 1;
const text = (value: string): Buffer => Buffer.from(value);
const message = (value: string) => input("t/x", text(value));
const one = [message("a")];

function opened(options = scriptOptions()): SessionScript {
  const script = new SessionScript(options);
  script.receive(hello());
  return script;
}

describe("a session's results", () => {
  const many = (count: number, more: object = {}) =>
    Array.from({ length: count }, (_, index) => ({
      invocationId: index + 1,
      type: cart,
      id: `${index}`,
      inputs: one,
      ...more,
    }));
  const wide = scriptOptions({ invocationsMax: 1000, payloadBytesMax: 1_000_000 });

  it("go out together, 128 to a frame", () => {
    const script = opened(wide);
    script.receive(invocations(many(258)));
    for (const batch of script.batches) {
      script.complete(undefined, batch);
    }
    assert.equal(script.session.fillsFrame, true);
    assert.deepEqual(
      script.results().map((frame) => frame.length),
      [128, 128, 2],
    );
    assert.equal(script.session.inFlightCount, 0);
  });

  it("fill frames of 64 KiB, one that is larger alone", () => {
    const script = opened(wide);
    script.receive(invocations(many(4)));
    const sizes = [40_000, 20_000, 30_000, 100_000];
    for (const [index, batch] of script.batches.entries()) {
      script.complete((running) => running.writeState(0, Buffer.alloc(sizes[index] ?? 0)), batch);
    }
    assert.deepEqual(
      script.results().map((frame) => frame.length),
      [2, 1, 1],
    );
  });

  it("wait while there is no credit, of which the last one may take more than there is", () => {
    const script = new SessionScript(wide);
    script.receive(hello({ limits: { ...testLimits, resultCreditBytes: 10 } }));
    script.receive(invocations(many(3)));
    for (const batch of script.batches) {
      script.complete((running) => running.writeState(0, Buffer.alloc(8)), batch);
    }
    assert.deepEqual(
      script.results().map((frame) => frame.length),
      [2],
    );
    assert.equal(script.session.queuedCount, 1);
    script.receive(credit(6));
    assert.deepEqual(script.results(), []);
    script.receive(invocations([], { resultCreditBytes: 1 }));
    assert.deepEqual(
      script.results().map((frame) => frame.length),
      [1],
    );
  });

  it("count every value of a result against the credit, a state only as it ends up", () => {
    const script = new SessionScript(wide);
    script.receive(hello({ limits: { ...testLimits, resultCreditBytes: 1 } }));
    script.receive(invocations(many(2, { inputs: [...one, ...one] })));
    const [first, second] = script.batches;
    script.complete((batch) => {
      batch.writeState(0, Buffer.alloc(50));
      batch.writeState(0, Buffer.alloc(10));
      const send = {
        type: 0,
        typeName: "a/b",
        id: "",
        typename: "t/x",
        value: Buffer.alloc(3),
        traceparent: "",
      };
      batch.send(send);
      batch.schedule({ ...send }, 5, "");
      batch.egress({ egress: "a/b", typename: "t/x", value: Buffer.alloc(4) });
      batch.reply("t/x", Buffer.alloc(5));
    }, first);
    script.complete(undefined, second);
    assert.deepEqual(
      script.results().map((frame) => frame.length),
      [1],
    );
    // 10 for the state, and per input 3 + 3 + 4 + 5; the opening credit covers 1 of the 40.
    script.receive(credit(39));
    assert.deepEqual(script.results(), []);
    script.receive(credit(1));
    assert.deepEqual(
      script.results().map((frame) => frame.length),
      [1],
    );
  });

  it("that come after the time limit are dropped", () => {
    const script = opened(wide);
    script.receive(invocations(many(2, { timeoutMs: 100 })));
    script.complete(undefined, script.batches[0]);
    script.complete(undefined, script.batches[1]);
    script.nowMs = 100;
    assert.deepEqual(script.results(), []);
    assert.equal(script.session.queuedCount, 0);
  });

  it("say that the time ran out, with what the inputs before had done", () => {
    const script = opened(wide);
    script.receive(invocations(many(1, { timeoutMs: 100, inputs: [...one, ...one] })));
    const batch = script.newest();
    batch.writeState(0, text("kept"));
    batch.completeInput();
    batch.writeState(0, text("lost"));
    assert.deepEqual(script.session.expire(99), []);
    assert.deepEqual(script.session.expire(100), [batch]);
    script.nowMs = 100;
    const result = script.results()[0]?.[0];
    assert.deepEqual(result?.stateChanges, [{ state: 0, value: text("kept") }]);
    assert.equal(result?.failure?.code, Failure_Code.TIMEOUT);
    assert.equal(result?.failure?.completedInputs, 1);
    assert.equal(batch.input, undefined);
  });

  it("of a lost stream go nowhere", () => {
    const script = opened(wide);
    script.receive(invocations(many(2)));
    script.complete(undefined, script.batches[0]);
    assert.deepEqual(script.session.abandon(), [script.batches[1]]);
    assert.equal(script.batches[1]?.input, undefined);
    assert.deepEqual(script.results(), []);
  });
});
