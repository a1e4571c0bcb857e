import assert from "node:assert/strict";
import { FrameInbox } from "./frame-inbox.js";

/** Four frames of an inbox's own budget, and a few that have to wait. */
const frames = Array.from({ length: 10 }, (_, number) => Buffer.from([number]));

/** Ends the turn of the event loop in which the inbox may look at no more. */
function nextTurn(): Promise<void> {
  return new Promise(setImmediate);
}

describe("FrameInbox", () => {
  let seen: (number | undefined)[];
  let inbox: FrameInbox;

  beforeEach(() => {
    seen = [];
    inbox = new FrameInbox((frame) => seen.push(frame[0]));
  });

  it("looks at a frame that comes alone at once", async () => {
    for (const frame of frames) {
      inbox.push(frame);
      assert.equal(seen.at(-1), frame[0]);
      await nextTurn();
    }
    assert.equal(seen.length, 10);
  });

  it("looks at four frames a turn, all of them in order", async () => {
    for (const frame of frames) inbox.push(frame);
    assert.deepEqual(seen, [0, 1, 2, 3]);
    await nextTurn();
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
    await nextTurn();
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("a frame does not overtake those that wait", async () => {
    for (const frame of frames.slice(0, 6)) inbox.push(frame);
    await nextTurn();
    assert.equal(seen.length, 6);
    for (const frame of frames.slice(6)) inbox.push(frame);
    // Two of this turn's four went to those that had waited.
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
    await nextTurn();
    assert.deepEqual(seen.slice(8), [8, 9]);
  });

  it("a frame that arrives while another is looked at waits for its turn", async () => {
    const nested = new FrameInbox((frame) => {
      seen.push(frame[0]);
      if (seen.length === 1) for (const next of frames.slice(1)) nested.push(next);
    });
    nested.push(frames[0] ?? Buffer.alloc(0));
    assert.deepEqual(seen, [0, 1, 2, 3]);
    await nextTurn();
    await nextTurn();
    assert.equal(seen.length, 10);
    assert.deepEqual(seen, [...seen].sort());
  });

  it("flush looks at everything that has arrived, and goes on as before", async () => {
    for (const frame of frames.slice(0, 7)) inbox.push(frame);
    inbox.flush();
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6]);
    inbox.flush();
    await nextTurn();
    inbox.push(frames[7] ?? Buffer.alloc(0));
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("close forgets what has arrived", async () => {
    for (const frame of frames) inbox.push(frame);
    inbox.close();
    inbox.flush();
    await nextTurn();
    assert.deepEqual(seen, [0, 1, 2, 3]);
  });
});
