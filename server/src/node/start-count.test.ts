import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartCount } from "./start-count.js";

// Goal: a node knows that it has died again and again. Method: a directory that several of them start
// in, one after the other.

describe("the count of starts", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-starts-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function start(): StartCount {
    const count = new StartCount(directory);
    count.begin();
    count.close();
    return count;
  }

  it("rises with each that comes to nothing, and ends with one that does not", () => {
    assert.deepEqual([start().died, start().died, start().died], [0, 1, 2]);
    const last = new StartCount(directory);
    last.begin();
    last.settle();
    assert.equal(existsSync(join(directory, "starts")), false);
    assert.equal(start().died, 0);
  });

  it("does not rise with a start that ends before a message runs", () => {
    new StartCount(directory).close();
    assert.equal(start().died, 0);
  });

  it("begins anew when its file cannot be read", () => {
    for (const text of ["", "7", "many\n", "-1\n", "1234567890\n"]) {
      writeFileSync(join(directory, "starts"), text);
      assert.equal(start().died, 0, JSON.stringify(text));
      assert.equal(readFileSync(join(directory, "starts"), "utf8"), "1\n");
    }
  });
});
