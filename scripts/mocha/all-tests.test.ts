import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { longest, spec } from "./all-tests.js";

// Goal: `npm test` runs what it says. Method: the list beside the files.

describe("the list of tests", () => {
  it("names files that exist, once", () => {
    assert.ok(spec.length > 200);
    assert.deepEqual(
      spec.filter((path) => !existsSync(path)),
      [],
    );
    assert.equal(new Set(spec).size, spec.length);
  });

  it("begins with what takes longest", () => {
    assert.deepEqual(spec.slice(0, longest.length), longest);
  });
});
