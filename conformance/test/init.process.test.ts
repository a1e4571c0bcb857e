import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { languages } from "../src/init/write-skeleton.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const kit = join(root, "conformance/bin/statewire-conformance.js");

function run(folder: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, [kit, ...args], { cwd: folder, encoding: "utf8" });
}

describe("statewire-conformance init", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "statewire-init-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("writes a skeleton for each language, and overwrites nothing", function () {
    this.timeout(60_000);
    assert.deepEqual(languages, ["go", "java", "javascript", "python"]);
    for (const lang of languages) {
      const { status, stdout } = run(folder, "init", "--lang", lang);
      assert.equal(status, 0);
      for (const file of ["run.sh", "build.sh", "README.md", "proto/statewire/v1/stream.proto"])
        assert.ok(stdout.includes(`interpreter-${lang}/${file}\n`), `${lang} has ${file}`);
      assert.doesNotMatch(stdout, /\.template/);
      const readme = readFileSync(join(folder, `interpreter-${lang}`, "README.md"), "utf8");
      assert.match(readme, new RegExp(`^# An interpreter in ${lang}\n`));
      const again = run(folder, "init", "--lang", lang);
      assert.equal(again.status, 2);
      assert.match(again.stderr, /is not empty/);
    }
    assert.equal(run(folder, "init", "--lang", "cobol").status, 2);
  });

  it("writes a server that shakes hands as it is", function () {
    this.timeout(120_000);
    run(folder, "init", "--lang", "javascript", "--dir", "server");
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const flags = ["--level", "core", "--features=", "--select", "handshake/answers Hello*"];
    const { status, stderr } = run(folder, "sdk", ...flags, "--", "server/run.sh");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /: 2 passed/);
  });
});
