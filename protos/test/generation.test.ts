// Goal: what is committed in src/gen is what the proto files say. Method: generate into a temporary
// folder and compare byte by byte.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { listFiles, packageDirectory } from "./package-files.js";

describe("generated code", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-generate-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("is what generate.sh makes of the proto files", () => {
    execFileSync(join(packageDirectory, "generate.sh"), [directory], { stdio: "pipe" });
    const committed = readTree(join(packageDirectory, "src", "gen"));
    const generated = readTree(directory);
    assert.notEqual(generated.size, 0);
    assert.deepEqual([...committed.keys()], [...generated.keys()]);
    for (const [path, text] of generated) {
      assert.equal(committed.get(path), text, `${path} is stale: npm run generate`);
    }
  });
});

function readTree(root: string): ReadonlyMap<string, string> {
  return new Map(
    listFiles(root).map((path) => [relative(root, path), readFileSync(path, "utf8")] as const),
  );
}
