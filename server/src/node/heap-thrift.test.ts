import assert from "node:assert/strict";
import { HeapThrift } from "./heap-thrift.js";

describe("the thrift of the heap", () => {
  it("begins when memory fills, and ends some time after", () => {
    const flags: string[] = [];
    let nowMs = 0;
    const thrift = new HeapThrift(
      () => nowMs,
      (set) => flags.push(set),
    );
    const noteAt = (atMs: number, isLoaded: boolean) => {
      nowMs = atMs;
      thrift.note(isLoaded);
      return flags.splice(0);
    };
    assert.deepEqual(noteAt(0, false), []);
    assert.deepEqual(noteAt(1000, true), ["--heap-growing-percent=50", "--optimize-for-size"]);
    assert.deepEqual(noteAt(2000, true), []);
    assert.deepEqual(noteAt(12_000, false), []);
    assert.deepEqual(noteAt(12_001, false), ["--heap-growing-percent=0", "--no-optimize-for-size"]);
  });
});
