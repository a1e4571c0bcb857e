import assert from "node:assert/strict";
import { summarizeProfile } from "./cpu-profile.js";

function node(id: number, functionName: string, url = "") {
  return { id, callFrame: { functionName, url, lineNumber: 9 } };
}

describe("summary of a CPU profile", () => {
  it("ranks functions and groups by their self time, and leaves waiting out", () => {
    const summary = summarizeProfile({
      nodes: [
        node(1, "(idle)"),
        node(2, "apply", "file:///repo/server/dist/src/core/apply.js"),
        node(3, "release", "file:///repo/server/dist/src/core/release.js"),
        node(4, "write", "file:///repo/node_modules/@grpc/grpc-js/build/src/call.js"),
        node(5, "(garbage collector)"),
        node(6, "onread", "node:internal/stream_base_commons"),
      ],
      samples: [1, 2, 3, 4, 5, 6],
      timeDeltas: [0, 5000, 4000, 1000, 2000, 2000, 1000],
    });
    assert.equal(summary.idleMs, 5);
    assert.equal(summary.busyMs, 10);
    assert.deepEqual(
      summary.groups.map(({ name, share }) => [name, share]),
      [
        ["server/core", 0.5],
        ["@grpc/grpc-js", 0.2],
        ["garbage collection", 0.2],
        ["node:internal/stream_base_commons", 0.1],
      ],
    );
    assert.equal(summary.functions[0]?.name, "apply server/core/apply.js:10");
  });

  it("adds up the samples of one function that was called from several places", () => {
    const summary = summarizeProfile({
      nodes: [node(1, "f", "node:fs"), node(2, "f", "node:fs")],
      samples: [1, 2],
      timeDeltas: [0, 1000, 3000],
    });
    assert.deepEqual(
      summary.functions.map(({ selfMs }) => selfMs),
      [4],
    );
  });
});
