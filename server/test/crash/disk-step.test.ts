import assert from "node:assert/strict";
import { placeOf } from "./disk-step.js";

describe("the place of a file", () => {
  it("has no number, id or hash in it", () => {
    const places = [
      "data/journal/journal-000000000012",
      "data/journal/spare-9c56cc51b374c3ba189210d5b6d4bf57.tmp",
      "data/deltas/delta-000000000000001-000000000000007",
      "checkpoints/main/.writing-123e4567-e89b-12d3-a456-426614174000",
      "audit.txt",
    ].map((path) => placeOf(`/root/${path}`, "/root"));
    assert.deepEqual(places, [
      "data/journal/journal-*",
      "data/journal/spare-*.tmp",
      "data/deltas/delta-*",
      "checkpoints/main/.writing-*",
      "audit.txt",
    ]);
  });

  it("is none when the file is elsewhere", () => {
    assert.equal(placeOf("/root", "/root"), ".");
    assert.equal(placeOf("/roots/file", "/root"), null);
    assert.equal(placeOf("/proc/self/status", "/root"), null);
  });
});
