import assert from "node:assert/strict";
import { Story, widePolicy } from "../../test/support/core-story.js";

// Goal: addresses of a type that turns out not to exist are set aside, and no step takes long over it.

describe("a server that does not have a type of its namespace", () => {
  it("has what waits for it parked, so many addresses each time", () => {
    const story = new Story();
    const { retry } = widePolicy;
    story.functions.push({ pattern: "t/*", retry, invocationTimeoutMs: 1000, batchMax: 0 });
    const message = { typename: "x/text", value: null };
    for (let at = 1; at <= 300; at++) {
      const to = { typeName: "t/typo", id: `${at}`, message, traceparent: "" };
      story.step({ kind: "send", request: at, ...to, delayMs: 0, once: null });
    }
    const parked = [1, 2, 3].map((session) => {
      attach(story, session, "t/a");
      return story.machine.shard.types.get("t/typo")?.counters.parked;
    });
    attach(story, 4, "t/typo");
    const { counters } = story.machine.shard.types.get("t/typo") ?? { counters: null };
    assert.deepEqual(parked, [256, 300, 300]);
    assert.equal(counters?.parked, 0);
    const sent = story.drain().dispatches.flatMap(({ invocations }) => invocations);
    assert.equal(sent.length, 300);
  });
});

function attach(story: Story, session: number, pattern: string): void {
  const window = { invocations: 1000, bytes: 1_000_000 };
  const functions = [{ pattern, states: [], inFlightMax: 0, batchMax: 0 }];
  story.step({ kind: "sessionAttached", session, functions, window, leasesMax: 0 });
}
