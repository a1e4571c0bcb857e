import assert from "node:assert/strict";
import { emptyResult } from "../../test/support/core-result-commands.js";
import { Story } from "../../test/support/core-story.js";
import { copyRows } from "../../test/support/core-tables.js";
import type { InvocationFailure, InvocationResult, StateSpec, TimerChange } from "./command.js";
import type { Effects } from "./effect.js";

// Goal: each clause that a result can break, and that its neighbours do not: what ends the stream
// (Protocol error), what refuses the result. Method: one invocation of two inputs, one result.

const text = (value: string) => ({ typename: "x/text", value: Buffer.from(value) });

const to = (typeName: string, id: string) => ({
  typeName,
  id,
  message: text("m"),
  traceparent: "",
});

const states: readonly StateSpec[] = ["a", "b", "c"].map((name) => ({
  name,
  typename: "x/text",
  expiration: null,
  lazy: false,
}));

const failed: InvocationFailure = {
  code: "function",
  message: "boom",
  retryable: true,
  retryAfterMs: 0,
  completedInputs: 0,
};

const schedule = (token: string): TimerChange => ({
  kind: "schedule",
  message: to("t/b", "x"),
  delayMs: 10,
  token,
});

const cancel = (token: string): TimerChange => ({ kind: "cancel", token });

/** A story in which invocation 1 of t/a/x is in flight with so many inputs. */
function inFlight(inputs: number): Story {
  const story = new Story();
  story.egresses.push("e/out");
  story.limits = { ...story.limits, eagerStateBytesMax: 5000 };
  const functions = [{ pattern: "t/a", states, inFlightMax: 0, batchMax: 0 }];
  const window = { invocations: 100, bytes: 100_000 };
  for (let request = 1; request <= inputs; request++) {
    if (request === 1) {
      story.step({ kind: "sessionAttached", session: 1, functions, window, leasesMax: 9 });
    }
    story.step({ kind: "send", request, ...to("t/a", "x"), delayMs: 0, once: null });
  }
  assert.equal(story.drain().dispatches[0]?.invocations[0]?.messages.length, inputs);
  return story;
}

function answer(story: Story, effects: Partial<InvocationResult>, invocation = 1): Effects {
  const results = [{ ...emptyResult(invocation), ...effects }];
  story.step({ kind: "results", session: 1, results });
  return story.drain();
}

/** The clause with which the stream is closed; undefined: it is not. */
function closedWith(effects: Partial<InvocationResult>, inputs = 2): string | undefined {
  return answer(inFlight(inputs), effects).closedSessions[0]?.clause;
}

/** The clause for which the address is parked; undefined: it is not. */
function refusedWith(effects: Partial<InvocationResult>, before?: Story): string | undefined {
  return /\[(.*)\]/.exec(refusal(effects, before) ?? "")?.[1];
}

/** Why the address is parked; undefined: it is not. */
function refusal(effects: Partial<InvocationResult>, before?: Story): string | undefined {
  const story = before ?? inFlight(1);
  assert.deepEqual(answer(story, effects, before === undefined ? 1 : 2).closedSessions, []);
  const parked = story.machine.shard.types.get("t/a")?.mailboxes.get("x");
  if (parked?.state !== "parked") return undefined;
  const call = { kind: "call", request: 99, ...to("t/a", "x"), once: null } as const;
  story.step(call);
  story.commit();
  const told = story.drain().replied.find(({ request }) => request === 99);
  return told?.failure?.message;
}

describe("a result ends its stream", () => {
  it("when it changes a state that is not declared [STATE-4]", () => {
    const value = Buffer.from("1");
    assert.equal(closedWith({ stateChanges: [{ state: 2, value }] }), undefined);
    assert.equal(closedWith({ stateChanges: [{ state: 3, value }] }), "STATE-4");
  });

  it("when it fails with every input completed [FAIL-2]", () => {
    assert.equal(closedWith({ failure: { ...failed, completedInputs: 1 } }), undefined);
    assert.equal(closedWith({ failure: { ...failed, completedInputs: 2 } }), "FAIL-2");
    assert.equal(closedWith({ failure: failed }, 1), undefined);
  });

  it("when it replies to an input that was not completed [REPLY-3]", () => {
    const replyTo = (input: number) => ({ replies: [{ input, value: text("r") }] });
    assert.equal(closedWith(replyTo(1)), undefined);
    assert.equal(closedWith(replyTo(2)), "REPLY-3");
    const failure = { ...failed, completedInputs: 1 };
    assert.equal(closedWith({ ...replyTo(0), failure }), undefined);
    assert.equal(closedWith({ ...replyTo(1), failure }), "REPLY-3");
  });

  it("when it carries effects of no completed input [FAIL-9]", () => {
    const effects: Partial<InvocationResult>[] = [
      { stateChanges: [{ state: 0, value: null }] },
      { sends: [to("t/b", "x")] },
      { timerChanges: [cancel("t")] },
      { egressRecords: [{ egress: "e/out", value: text("r") }] },
    ];
    assert.equal(closedWith({ failure: failed }), undefined);
    for (const each of effects) assert.equal(closedWith({ ...each, failure: failed }), "FAIL-9");
  });

  it("and leaves no trace", () => {
    const story = inFlight(2);
    const changed = {
      stateChanges: [{ state: 0, value: Buffer.from("1") }],
      sends: [to("t/b", "x")],
    };
    answer(story, { ...changed, replies: [{ input: 5, value: text("r") }] });
    const { rows, messages } = story.machine.seal(false);
    assert.deepEqual([rows.length, messages.length], [0, 2]);
  });
});

describe("a result is refused", () => {
  it("when its codec says so", () => {
    const refused = { clause: "SEND-5", message: "empty typename" };
    assert.equal(refusedWith({ refused }), "SEND-5");
  });

  it("by a codec that knows only the index of the state, with the state's name", () => {
    const refused = { clause: "LIMIT-2", message: "value of 9 bytes exceeds 8", state: 1 };
    assert.match(
      refusal({ refused }) ?? "",
      /\[LIMIT-2\] state b of t\/a: value of 9 bytes exceeds 8$/,
    );
  });

  it("when it sends to an egress that is not known [EGRESS-1]", () => {
    const to = (egress: string) => ({ egressRecords: [{ egress, value: text("r") }] });
    assert.equal(refusedWith(to("e/out")), undefined);
    assert.equal(refusedWith(to("e/in")), "EGRESS-1");
  });

  it("when it schedules with a token that is pending [TIMER-4]", () => {
    assert.equal(refusedWith({ timerChanges: [schedule("t"), schedule("u")] }), undefined);
    assert.equal(refusedWith({ timerChanges: [schedule(""), schedule("")] }), undefined);
    assert.equal(refusedWith({ timerChanges: [schedule("t"), schedule("t")] }), "TIMER-4");
  });

  it("by the token's changes before it in the same result [TIMER-10]", () => {
    const again = [schedule("t"), cancel("t"), schedule("t")];
    assert.equal(refusedWith({ timerChanges: again }), undefined);
    assert.equal(refusedWith({ timerChanges: [cancel("t"), ...again] }), undefined);
    assert.equal(refusedWith({ timerChanges: [...again, schedule("t")] }), "TIMER-4");
  });

  it("when the token is pending from an earlier result, until it is free", () => {
    for (const free of [false, true]) {
      const story = inFlight(1);
      answer(story, { timerChanges: [schedule("t")] });
      if (free) story.tick(10);
      story.step({ kind: "send", request: 2, ...to("t/a", "x"), delayMs: 0, once: null });
      story.drain();
      const clause = refusedWith({ timerChanges: [schedule("t")] }, story);
      assert.equal(clause, free ? undefined : "TIMER-4");
    }
  });

  it("when the eager states would leave too little room in a frame [LIMIT-8]", () => {
    const change = (state: number, bytes: number) => ({ state, value: new Uint8Array(bytes) });
    const fits = [change(0, 2000), change(1, 2000), change(2, 1000)];
    assert.equal(refusedWith({ stateChanges: fits }), undefined);
    assert.equal(refusedWith({ stateChanges: [...fits.slice(0, 2), change(2, 1001)] }), "LIMIT-8");
  });

  it("counting the eager states that it does not change [LIMIT-8]", () => {
    const story = inFlight(1);
    const change = (state: number) => ({ state, value: new Uint8Array(2000) });
    answer(story, { stateChanges: [change(0), change(1)] });
    story.step({ kind: "send", request: 2, ...to("t/a", "x"), delayMs: 0, once: null });
    story.drain();
    assert.equal(refusedWith({ stateChanges: [change(2)] }, story), "LIMIT-8");
  });

  it("and leaves no trace but the parked address", () => {
    const story = inFlight(1);
    const effects = {
      stateChanges: [{ state: 0, value: Buffer.from("1") }],
      sends: [to("t/b", "x")],
    };
    answer(story, { ...effects, egressRecords: [{ egress: "e/in", value: text("r") }] });
    const { rows, messages, records } = story.machine.seal(false);
    assert.deepEqual(
      [copyRows(rows).map(({ key }) => key), messages.length, records.length],
      [["1/x"], 1, 0],
    );
  });
});
