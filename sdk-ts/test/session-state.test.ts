/*
 * Transcripts of the pure session: states under a lease, and states that are read when needed.
 */
import assert from "node:assert/strict";
import { hello, input, invocations } from "./support/runtime-stream.js";
import {
  brokenClause,
  SessionScript,
  scriptOptions,
  stateReply,
} from "./support/session-script.js";

const cart = 1;
const text = (value: string): Buffer => Buffer.from(value);
const message = (value: string) => input("t/x", text(value));
const one = [message("a")];

function opened(options = scriptOptions()): SessionScript {
  const script = new SessionScript(options);
  script.receive(hello());
  return script;
}

describe("a session's leases", () => {
  const first = { invocationId: 1, type: cart, id: "a", inputs: one };

  it("hold the eager states as the last result left them, and no lazy one", () => {
    const script = opened();
    script.receive(invocations([{ ...first, states: [{ state: 2, value: text("ann") }] }]));
    script.complete((batch) => {
      batch.writeState(0, text("tea"));
      batch.writeState(1, text("long ago"));
    });
    assert.deepEqual(script.receive(invocations([{ ...first, invocationId: 2, lease: 1 }])), [
      'run #2 shop/cart/a (a) states "tea" ? "ann"',
    ]);
  });

  it("are asked for when another version is named, and the old version is dropped", () => {
    const script = opened();
    script.receive(invocations([first]));
    script.complete();
    assert.deepEqual(script.receive(invocations([{ ...first, invocationId: 3, lease: 2 }])), [
      "send state request #3 lease missing",
    ]);
    assert.deepEqual(
      script.receive(stateReply(3, [{ state: 2 }, { state: 0, value: text("tea") }])),
      ['run #3 shop/cart/a (a) states "tea" ? -'],
    );
  });

  it("are forgotten from the least recently used address on", () => {
    const script = opened();
    for (const [index, id] of ["a", "b", "c"].entries()) {
      script.receive(invocations([{ ...first, invocationId: index + 1, id }]));
      script.complete();
    }
    assert.deepEqual(
      script.receive(invocations([{ ...first, invocationId: 4, id: "b", lease: 2 }])),
      ["run #4 shop/cart/b (a) states - ? -"],
    );
    assert.deepEqual(
      script.receive(invocations([{ ...first, invocationId: 5, id: "a", lease: 1 }])),
      ["send state request #5 lease missing"],
    );
  });

  it("end with a failure", () => {
    const script = opened();
    script.receive(invocations([first]));
    const batch = script.newest();
    batch.failInput(new Error("no"));
    script.session.finish(batch);
    assert.deepEqual(script.receive(invocations([{ ...first, invocationId: 2, lease: 1 }])), [
      "send state request #2 lease missing",
    ]);
  });

  it("end when the runtime lists the states instead", () => {
    const script = opened();
    script.receive(invocations([first]));
    script.complete((batch) => batch.writeState(0, text("old")));
    script.receive(
      invocations([{ ...first, invocationId: 2, states: [{ state: 0, value: text("new") }] }]),
    );
    script.complete();
    assert.deepEqual(script.receive(invocations([{ ...first, invocationId: 3, lease: 2 }])), [
      'run #3 shop/cart/a (a) states "new" ? -',
    ]);
  });

  it("are refused replies that are not all eager states [LAZY-3]", () => {
    for (const states of [
      [{ state: 0 }],
      [{ state: 0 }, { state: 1 }],
      [{ state: 0 }, { state: 0 }],
    ]) {
      const script = opened();
      script.receive(invocations([{ ...first, lease: 7 }]));
      assert.equal(brokenClause(script, stateReply(1, states)), "LAZY-3");
    }
  });
});

describe("a session's lazy states", () => {
  const first = { invocationId: 1, type: cart, id: "a", inputs: one };

  it("are asked for, and answered in the order asked", () => {
    const script = opened();
    script.receive(invocations([first]));
    const batch = script.newest();
    assert.deepEqual(script.describe(script.session.requestState(batch, 1)), [
      "send state request #1 [1]",
    ]);
    assert.deepEqual(script.receive(stateReply(1, [{ state: 1, value: text("long ago") }])), [
      'loaded #1 shop/cart/a (a) states - "long ago" -',
    ]);
  });

  it("that were written while the answer was on its way stay as written", () => {
    const script = opened();
    script.receive(invocations([first]));
    const batch = script.newest();
    script.session.requestState(batch, 1);
    batch.writeState(1, text("new"));
    assert.deepEqual(script.receive(stateReply(1, [{ state: 1, value: text("old") }])), [
      'loaded #1 shop/cart/a (a) states - "new" -',
    ]);
  });

  it("are refused answers that nobody asked for [LAZY-3]", () => {
    for (const reply of [stateReply(1, [{ state: 1 }]), stateReply(9, [{ state: 1 }])]) {
      const script = opened();
      script.receive(invocations([first]));
      assert.equal(brokenClause(script, reply), "LAZY-3");
    }
  });

  it("ignore an answer that comes after the result", () => {
    const script = opened();
    script.receive(invocations([first]));
    script.session.requestState(script.newest(), 1);
    script.complete();
    assert.deepEqual(script.receive(stateReply(1, [{ state: 1 }])), []);
  });
});
