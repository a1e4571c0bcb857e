import assert from "node:assert/strict";
import fc from "fast-check";
import { Story, widePolicy } from "../../test/support/core-story.js";
import type { Once } from "./command.js";
import type { KeyOutcome } from "./dedup.js";
import { isKeyPending, isPositionPending, readKey, readPosition, writeKey } from "./dedup.js";

// Goal: a request that comes again is known for as long as it should be, and nobody is told before
// its original is durable. Method: the functions on a machine's shard, and sends through it.

const message = { typename: "x/text", value: null };
const to = { typeName: "t/a", id: "x", message, traceparent: "" };

function storyOf(): Story {
  const story = new Story();
  story.functions.push({
    pattern: "t/a",
    retry: { ...widePolicy.retry, initialBackoffMs: 1, backoffMsMax: 1, factor: 1, jitter: 0 },
    invocationTimeoutMs: 1000,
    batchMax: 0,
  });
  return story;
}

/** Sends, commits, and returns whether it was a duplicate. */
function send(story: Story, once: Once): boolean {
  story.step({ kind: "send", request: 1, ...to, delayMs: 0, once });
  story.commit();
  const [answer] = story.drain().acknowledged;
  assert.equal(answer?.request, 1);
  return answer?.duplicate ?? false;
}

describe("an idempotency key", () => {
  it("comes back with its outcome", () => {
    const typename = fc.string({ unit: "grapheme", minLength: 1 });
    const value = fc.option(fc.uint8Array({ maxLength: 10 }), { nil: null });
    const typedValue = fc.tuple(typename, value).map(([name, bytes]) => ({
      typename: name,
      value: bytes,
    }));
    const outcome: fc.Arbitrary<KeyOutcome> = fc.oneof(
      fc.constantFrom<KeyOutcome>({ kind: "accepted" }, { kind: "sent" }),
      fc.constant<KeyOutcome>({ kind: "replied", value: null }),
      typedValue.map((replied) => ({ kind: "replied" as const, value: replied })),
    );
    const { shard } = storyOf().machine;
    fc.assert(
      fc.property(fc.string(), outcome, (key, written) => {
        writeKey(shard, key, written);
        assert.deepEqual(readKey(shard, key), written);
      }),
    );
  });

  it("is forgotten when its retention is over, and not before", () => {
    const story = storyOf();
    const once = { kind: "key", key: "k" } as const;
    assert.equal(send(story, once), false);
    story.tick(story.limits.idempotencyRetentionMs - 1);
    assert.equal(send(story, once), true);
    story.tick(1);
    assert.equal(send(story, once), false);
  });

  it("is pending until its epoch is durable, and not again after a fold", () => {
    const story = storyOf();
    story.step({ kind: "send", request: 1, ...to, delayMs: 0, once: { kind: "key", key: "k" } });
    const pending = () => isKeyPending(story.machine.shard, "k");
    assert.equal(pending(), true);
    story.seal({ beginFold: true });
    assert.equal(pending(), true);
    story.commit();
    assert.equal(pending(), false);
    story.fold();
    assert.equal(pending(), false);
    assert.deepEqual(readKey(story.machine.shard, "k"), { kind: "sent" });
  });

  it("does not meet another one, nor a source of the same name", () => {
    const story = storyOf();
    assert.equal(send(story, { kind: "key", key: "k" }), false);
    assert.equal(send(story, { kind: "key", key: "K" }), false);
    assert.equal(send(story, { kind: "sequence", source: "k", sequence: 1 }), false);
  });
});

describe("a source", () => {
  it("accepts what is higher than everything before, whatever gaps it leaves", () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
    fc.assert(
      fc.property(sequences, (program) => {
        const story = storyOf();
        let highest = 0;
        for (const sequence of program) {
          const duplicate = send(story, { kind: "sequence", source: "file", sequence });
          assert.equal(duplicate, sequence <= highest);
          highest = Math.max(highest, sequence);
          assert.equal(story.machine.position("file"), highest);
        }
      }),
    );
  });

  it("stands at 0 before its first message, and where it stood after a crash", () => {
    const story = storyOf();
    assert.equal(readPosition(story.machine.shard, "file"), 0);
    send(story, { kind: "sequence", source: "file", sequence: 7 });
    story.step({
      kind: "send",
      request: 2,
      ...to,
      delayMs: 0,
      once: { kind: "sequence", source: "file", sequence: 8 },
    });
    assert.equal(isPositionPending(story.machine.shard, "file"), true);
    story.crash();
    assert.equal(readPosition(story.machine.shard, "file"), 7);
    assert.equal(isPositionPending(story.machine.shard, "file"), false);
  });
});

describe("a message to what is no function type", () => {
  it("is rejected as invalid, in a served namespace too", () => {
    const story = storyOf();
    const functions = [{ pattern: "t/*", states: [], inFlightMax: 0, batchMax: 0 }];
    const window = { invocations: 1, bytes: 1 };
    story.step({ kind: "sessionAttached", session: 1, functions, window, leasesMax: 0 });
    for (const typeName of ["", "t", "t/", "t/*", "t/a/b", "/a"]) {
      story.step({ kind: "call", request: 1, ...to, typeName, once: null });
      const [rejected] = story.drain().rejected;
      assert.equal(rejected?.code, "invalid", typeName);
      assert.equal(rejected?.message, `"${typeName}" is not namespace/type`);
    }
    assert.deepEqual(story.machine.seal(false).types, []);
  });
});
