import assert from "node:assert/strict";
import { emptyResult } from "../../test/support/core-result-commands.js";
import { Story } from "../../test/support/core-story.js";
import type { InvocationFailure } from "./command.js";
import type { Mailbox } from "./mailbox.js";
import type { RetryPolicy } from "./options.js";
import { decodeParked } from "./park.js";
import { addressKey, keyedTable } from "./state-table.js";

// Goal: what a failure does to its address: how long it waits, and when it is set aside. Method: one
// message that fails again and again, and the clock.

const retryable: InvocationFailure = {
  code: "function",
  message: "boom",
  retryable: true,
  retryAfterMs: 0,
  completedInputs: 0,
};

const policy: RetryPolicy = {
  initialBackoffMs: 100,
  backoffMsMax: 1000,
  factor: 2,
  jitter: 0,
  attemptsMax: 0,
  deadLetterEgress: null,
};

function poisoned(retry: RetryPolicy): Story {
  const story = new Story();
  story.functions.push({ pattern: "t/a", retry, invocationTimeoutMs: 60_000, batchMax: 0 });
  const functions = [{ pattern: "t/a", states: [], inFlightMax: 0, batchMax: 0 }];
  const window = { invocations: 100, bytes: 100_000 };
  story.step({ kind: "sessionAttached", session: 1, functions, window, leasesMax: 0 });
  const message = { typename: "x/text", value: null };
  const to = { typeName: "t/a", id: "x", message, traceparent: "" };
  story.step({ kind: "send", request: 1, ...to, delayMs: 0, once: null });
  return story;
}

function mailboxOf(story: Story): Mailbox {
  const mailbox = story.machine.shard.types.get("t/a")?.mailboxes.get("x");
  assert.ok(mailbox !== undefined);
  return mailbox;
}

/** Fails the invocation that is due. Returns how long the address waits. */
function fail(story: Story, failure: Partial<InvocationFailure> = {}): number {
  const invocation = story.drain().dispatches[0]?.invocations[0]?.invocation;
  assert.ok(invocation !== undefined, "an attempt is made");
  const results = [{ ...emptyResult(invocation), failure: { ...retryable, ...failure } }];
  story.step({ kind: "results", session: 1, results });
  return (mailboxOf(story).attempts?.retryAtMs ?? 0) - story.nowMs;
}

function waits(story: Story, count: number, failure: Partial<InvocationFailure> = {}): number[] {
  return Array.from({ length: count }, () => {
    const waitMs = fail(story, failure);
    story.tick(waitMs);
    return waitMs;
  });
}

describe("a failure", () => {
  it("makes its address wait longer each time, up to the limit", () => {
    assert.deepEqual(waits(poisoned(policy), 6), [100, 200, 400, 800, 1000, 1000]);
  });

  it("makes it wait for as long as the function asks, at least", () => {
    assert.equal(fail(poisoned(policy), { retryAfterMs: 5000 }), 5000);
    assert.equal(fail(poisoned(policy), { retryAfterMs: 50 }), 100);
  });

  it("varies the wait by the share that the policy says, alike in every run", () => {
    const varied = { ...policy, jitter: 0.5, factor: 1 };
    const first = waits(poisoned(varied), 50);
    for (const waitMs of first) assert.ok(waitMs >= 50 && waitMs <= 100, `${waitMs} ms`);
    assert.ok(new Set(first).size > 20, "they differ");
    assert.deepEqual(waits(poisoned(varied), 50), first);
  });

  it("is tried again for ever when the policy does not wait at all", () => {
    const story = poisoned({ ...policy, initialBackoffMs: 0 });
    assert.deepEqual(new Set(waits(story, 2000)), new Set([0]));
  });

  it("counts attempts, but not those that speak of the server", () => {
    const story = poisoned(policy);
    waits(story, 2);
    assert.equal(mailboxOf(story).attempts?.failures, 2);
    assert.deepEqual(waits(story, 2, { code: "overloaded" }), [200, 200]);
    assert.deepEqual(waits(story, 1, { code: "unknownFunction" }), [200]);
    assert.equal(mailboxOf(story).attempts?.failures, 2);
  });

  it("sets the address aside after so many attempts, or when it is not retryable", () => {
    const story = poisoned({ ...policy, attemptsMax: 3 });
    waits(story, 2);
    assert.notEqual(mailboxOf(story).state, "parked");
    fail(story);
    assert.equal(mailboxOf(story).state, "parked");
    const other = poisoned({ ...policy, attemptsMax: 3 });
    fail(other, { retryable: false });
    assert.equal(mailboxOf(other).state, "parked");
  });

  it("is kept with the parked address", () => {
    const story = poisoned({ ...policy, attemptsMax: 1 });
    fail(story, { code: "badInput", message: "no x/text \u{1f4a5}" });
    const row = story.machine.shard.overlay.read(keyedTable.parked, addressKey(mailboxOf(story)));
    assert.deepEqual(decodeParked(row?.value ?? new Uint8Array()), {
      code: "badInput",
      message: "no x/text \u{1f4a5}",
      attempts: 1,
      firstFailedAtMs: story.nowMs,
      lastFailedAtMs: story.nowMs,
    });
  });

  it("does not wake an address whose message a crash took away", () => {
    const story = poisoned(policy);
    fail(story);
    story.crash();
    story.tick(1000);
    assert.equal(story.machine.shard.types.size, 0);
  });
});
