import assert from "node:assert/strict";
import { Story } from "../../test/support/core-story.js";
import { hashText, mix } from "./hash.js";

// Goal: addresses spread evenly over the servers of their type, stay where they are, and move only
// when their server comes or goes. Method: sends through a machine, asking who was given what.

const addressCount = 3000;

function attach(story: Story, session: number): void {
  const functions = [{ pattern: "t/a", states: [], inFlightMax: 0, batchMax: 0 }];
  const window = { invocations: 1_000_000, bytes: 1_000_000 };
  story.machine.step({ kind: "sessionAttached", session, functions, window, leasesMax: 0 });
}

/** Sends one message to every address and finishes it. Returns which session ran which id. */
function round(story: Story): Map<string, number> {
  const places = new Map<string, number>();
  for (let number = 0; number < addressCount; number++) {
    const message = { typename: "x/text", value: null };
    const to = { typeName: "t/a", id: `address-${number}`, message, traceparent: "" };
    story.machine.step({ kind: "send", request: number, ...to, delayMs: 0, once: null });
  }
  for (const { session, invocations } of story.machine.drain().dispatches) {
    for (const { invocation, id } of invocations) {
      places.set(id, session);
      const effects = { stateChanges: [], sends: [], timerChanges: [] };
      const none = { egressRecords: [], replies: [], failure: null, refused: null };
      const results = [{ invocation, ...effects, ...none }];
      story.machine.step({ kind: "results", session, results });
    }
  }
  assert.equal(places.size, addressCount);
  return places;
}

const countOf = (places: ReadonlyMap<string, number>, session: number) =>
  [...places.values()].filter((other) => other === session).length;

describe("placement", () => {
  for (const sessions of [2, 3, 4, 5, 8]) {
    it(`spreads addresses evenly over ${sessions} servers`, () => {
      const story = new Story();
      for (let session = 1; session <= sessions; session++) attach(story, session);
      const places = round(story);
      const fair = addressCount / sessions;
      for (let session = 1; session <= sessions; session++) {
        const share = countOf(places, session) / fair;
        assert.ok(share > 0.8 && share < 1.2, `server ${session} has ${share} of its share`);
      }
    });
  }

  it("sends an address to the same server while the servers stay", () => {
    const story = new Story();
    for (const session of [1, 2, 3]) attach(story, session);
    assert.deepEqual(round(story), round(story));
  });

  it("moves only the addresses of a server that goes", () => {
    const story = new Story();
    for (const session of [1, 2, 3]) attach(story, session);
    const before = round(story);
    story.machine.step({ kind: "sessionDetached", session: 2 });
    for (const [id, session] of round(story)) {
      if (before.get(id) !== 2) assert.equal(session, before.get(id), id);
      else assert.notEqual(session, 2, id);
    }
  });

  it("moves to a new server only what it wins, about its share", () => {
    const story = new Story();
    for (const session of [1, 2, 3]) attach(story, session);
    const before = round(story);
    attach(story, 4);
    const after = round(story);
    for (const [id, session] of after) if (session !== 4) assert.equal(session, before.get(id), id);
    const share = countOf(after, 4) / (addressCount / 4);
    assert.ok(share > 0.8 && share < 1.2, `the new server has ${share} of its share`);
  });

  it("moves everything off a draining server", () => {
    const story = new Story();
    for (const session of [1, 2]) attach(story, session);
    story.machine.step({ kind: "sessionDraining", session: 1 });
    assert.equal(countOf(round(story), 1), 0);
  });

  it("keeps messages without a server until one comes", () => {
    const story = new Story();
    attach(story, 1);
    story.machine.drain();
    story.step({ kind: "sessionDraining", session: 1 });
    const message = { typename: "x/text", value: null };
    const to = { typeName: "t/a", id: "x", message, traceparent: "" };
    story.step({ kind: "send", request: 1, ...to, delayMs: 0, once: null });
    assert.deepEqual(story.drain().dispatches, []);
    attach(story, 2);
    assert.equal(story.drain().dispatches[0]?.invocations[0]?.id, "x");
  });
});

describe("the hash of an address", () => {
  it("is the same in every process", () => {
    assert.equal(hashText(""), 0x811c9dc5);
    assert.equal(hashText("a"), 0xe40c292c);
    assert.equal(hashText("foobar"), 0xbf9cf968);
  });

  it("mixes into 32 bits, another one for another salt", () => {
    const mixed = new Set(Array.from({ length: 1000 }, (_, salt) => mix(hashText("x"), salt)));
    assert.equal(mixed.size, 1000);
    for (const number of mixed)
      assert.ok(Number.isInteger(number) && number >= 0 && number < 2 ** 32);
  });
});
