import assert from "node:assert/strict";
import { parseCheckpointChoice } from "./checkpoint-choice.js";

describe("parseCheckpointChoice", () => {
  it("reads latest, numbers and times, and nothing else", () => {
    assert.deepEqual(parseCheckpointChoice("latest"), { kind: "latest" });
    assert.deepEqual(parseCheckpointChoice("12"), { kind: "number", number: 12 });
    assert.deepEqual(parseCheckpointChoice("2026-11-24T05:00:00Z"), {
      kind: "time",
      timeMs: Date.UTC(2026, 10, 24, 5),
    });
    for (const text of ["", "0", "-1", "1.5", "newest", "2026-13-45"]) {
      assert.equal(parseCheckpointChoice(text), undefined, text);
    }
  });
});
