import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDirectory } from "./make-directory.js";

describe("makeDirectory()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "statewire-make-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("creates what is missing, and leaves what is there", () => {
    const path = join(folder, "a", "b", "c");
    const made = makeDirectory(path);
    assert.deepEqual(made, [join(folder, "a"), join(folder, "a", "b"), path]);
    assert.deepEqual(makeDirectory(path), []);
    assert.ok(existsSync(path));
  });

  it("fails on a file in the way", () => {
    writeFileSync(join(folder, "file"), "");
    assert.throws(() => makeDirectory(join(folder, "file")), { code: "EEXIST" });
    assert.throws(() => makeDirectory(join(folder, "file", "b")), { code: "ENOTDIR" });
  });

  it("fails, and does not try for ever, where nothing can be created", () => {
    if (existsSync("/proc/self")) {
      assert.throws(() => makeDirectory("/proc/statewire/a"), { code: "ENOENT" });
    }
  });
});
