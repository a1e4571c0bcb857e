import assert from "node:assert/strict";
import { emptyResult } from "../../test/support/core-result-commands.js";
import { Story } from "../../test/support/core-story.js";
import { copyRows } from "../../test/support/core-tables.js";
import { changeCount } from "./change-set.js";
import type { InvocationResult } from "./command.js";

// Goal: a change set is the net effect of its epoch, and an epoch is sealed when somebody waits or
// there is enough of it. Method: commands through a machine, looking at what seal() returns.

const text = (value: string) => ({ typename: "x/text", value: Buffer.from(value) });

/** A counter that is served, as one session. */
function served(): Story {
  const story = new Story();
  const states = [{ name: "count", typename: "x/text", expiration: null, lazy: false }];
  const functions = [{ pattern: "t/a", states, inFlightMax: 0, batchMax: 0 }];
  const window = { invocations: 100, bytes: 100_000 };
  story.step({ kind: "sessionAttached", session: 1, functions, window, leasesMax: 0 });
  // The type and its state table are interned by the first epoch.
  story.commit();
  return story;
}

function send(story: Story, request = 1): void {
  const to = { typeName: "t/a", id: "x", message: text("1"), traceparent: "" };
  story.step({ kind: "send", request, ...to, delayMs: 0, once: null });
}

/** Answers the next invocation. */
function answer(story: Story, effects: Partial<InvocationResult>): void {
  const invocation = story.drain().dispatches[0]?.invocations[0]?.invocation ?? 0;
  const results = [{ ...emptyResult(invocation), ...effects }];
  story.step({ kind: "results", session: 1, results });
}

describe("an epoch", () => {
  it("holds one row for a value that was written many times", () => {
    const story = served();
    for (let count = 1; count <= 500; count++) {
      send(story, count);
      answer(story, { stateChanges: [{ state: 0, value: Buffer.from(String(count)) }] });
    }
    const changes = story.machine.seal(false);
    assert.equal(changeCount(changes), 1);
    assert.equal(Buffer.from(copyRows(changes.rows)[0]?.value ?? []).toString(), "500");
  });

  it("holds no message that came and went in it", () => {
    const story = served();
    send(story);
    answer(story, {});
    assert.equal(changeCount(story.machine.seal(false)), 0);
  });

  it("holds a message that stays, and its end only in the epoch that consumes it", () => {
    const story = served();
    send(story);
    const first = story.machine.seal(false);
    assert.deepEqual([first.messages.length, first.consumed.length], [1, 0]);
    story.machine.step({ kind: "committed", epoch: first.epoch });
    answer(story, {});
    const second = story.machine.seal(false);
    assert.deepEqual([second.messages.length, second.consumed.length], [0, 1]);
  });

  it("gives out no sequence twice, also for what is in no change set", () => {
    const story = served();
    send(story);
    const { nextSequence } = story.machine.seal(false);
    assert.equal(story.machine.shard.nextSequence, nextSequence);
    story.machine.step({ kind: "committed", epoch: 2 });
    answer(story, {});
    send(story);
    answer(story, {});
    assert.ok(story.machine.seal(false).nextSequence > nextSequence);
  });

  it("cannot be sealed while another one is not durable", () => {
    const story = served();
    story.machine.seal(false);
    assert.throws(() => story.machine.seal(false), /an epoch is sealed and not yet committed/);
  });

  it("ignores that another epoch is durable", () => {
    const story = served();
    send(story);
    story.drain();
    const { epoch } = story.machine.seal(false);
    story.step({ kind: "committed", epoch: epoch + 1 });
    assert.deepEqual(story.drain().acknowledged, []);
    story.step({ kind: "committed", epoch });
    assert.deepEqual(story.drain().acknowledged, [{ request: 1, duplicate: false }]);
    story.step({ kind: "committed", epoch });
    assert.deepEqual(story.drain().acknowledged, []);
  });

  it("wants a commit at once when somebody outside waits for it", () => {
    const story = served();
    assert.equal(story.machine.wantsCommit, false);
    send(story);
    assert.equal(story.machine.wantsCommit, true);
  });

  it("wants a commit when it is old, if nobody waits", () => {
    const story = served();
    send(story);
    story.commit();
    answer(story, { stateChanges: [{ state: 0, value: null }] });
    assert.deepEqual([story.machine.isDirty, story.machine.wantsCommit], [true, false]);
    assert.equal(story.machine.nextWakeMs, story.nowMs + story.limits.epochAgeMsMax);
    story.tick(story.limits.epochAgeMsMax - 1);
    assert.equal(story.machine.wantsCommit, false);
    story.tick(1);
    assert.equal(story.machine.wantsCommit, true);
    story.commit();
    assert.deepEqual([story.machine.isDirty, story.machine.wantsCommit], [false, false]);
  });

  it("wants a commit when it is large, if nobody waits", () => {
    const story = served();
    story.limits = { ...story.limits, epochChangesMax: 3 };
    story.crash();
    const window = { invocations: 100, bytes: 100_000 };
    const functions = [{ pattern: "t/a", states: [], inFlightMax: 0, batchMax: 0 }];
    story.step({ kind: "sessionAttached", session: 1, functions, window, leasesMax: 0 });
    send(story);
    story.commit();
    const to = (id: string) => ({ typeName: "t/b", id, message: text("1"), traceparent: "" });
    answer(story, { sends: [to("1")] });
    // One consumed, one sent, one type interned: the bound is an upper one.
    assert.equal(story.machine.wantsCommit, true);
  });

  it("needs no waking when there is nothing to do", () => {
    assert.equal(served().machine.nextWakeMs, undefined);
  });
});
