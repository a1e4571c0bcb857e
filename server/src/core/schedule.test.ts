import assert from "node:assert/strict";
import { Story, wideLimits, widePolicy } from "../../test/support/core-story.js";
import { firedPerStepMax } from "./schedule.js";

// Goal: delayed messages that are overdue all at once fire in order, and never in one step that others
// would have to wait for. Method: a story in which they become due while the node is down.

describe("overdue delayed messages", () => {
  const delayed = 10 * firedPerStepMax + 3;

  /** A node that starts when all of them are due. */
  function restarted(): Story {
    const story = new Story();
    story.functions.push({
      pattern: "t/a",
      retry: widePolicy.retry,
      invocationTimeoutMs: 1000,
      batchMax: 0,
    });
    story.limits = { ...wideLimits, mailboxInMemoryMax: delayed, batchMessagesMax: delayed };
    for (let request = 1; request <= delayed; request++) {
      story.step({
        kind: "send",
        request,
        typeName: "t/a",
        id: "x",
        message: { typename: "x/number", value: Buffer.from(`${request}`) },
        traceparent: "",
        // Later sends are due earlier, two at the same time.
        delayMs: 10_000 - (request >> 1),
        once: null,
      });
    }
    story.commit();
    story.nowMs += 20_000;
    story.crash();
    return story;
  }

  it("fire some at a time, and ask for the next step at once", () => {
    const story = restarted();
    const type = () => story.machine.shard.types.get("t/a")?.counters.waiting ?? 0;
    for (let steps = 1; story.machine.shard.timers.pending > 0; steps++) {
      assert.ok((story.machine.nextWakeMs ?? Infinity) <= story.nowMs);
      story.tick(0);
      assert.ok(type() <= steps * firedPerStepMax, `${type()} after ${steps} steps`);
      assert.ok(steps <= 2 * (delayed / firedPerStepMax), "every step fires some");
    }
    assert.equal(type(), delayed);
  });

  it("arrive in order of time, then of sequence", () => {
    const story = restarted();
    while (story.machine.shard.timers.pending > 0) story.tick(0);
    const functions = [{ pattern: "t/a", states: [], inFlightMax: 0, batchMax: 0 }];
    const window = { invocations: 10, bytes: 1_000_000 };
    story.step({ kind: "sessionAttached", session: 1, functions, window, leasesMax: 0 });
    const [dispatch] = story.drain().dispatches;
    const arrived = dispatch?.invocations[0]?.messages.map(({ value }) => Number(value)) ?? [];
    const expected = Array.from({ length: delayed }, (_, at) => at + 1);
    expected.sort((a, b) => (b >> 1) - (a >> 1) || a - b);
    assert.deepEqual(arrived, expected);
  });
});
