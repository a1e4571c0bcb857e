import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

// Goal: what `npm run torture` prints and how it ends. Method: the command itself.

const program = fileURLToPath(new URL("./torture.js", import.meta.url));

function torture(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("npm run torture", () => {
  it("says how often it killed, and what became of the messages", () => {
    const { status, stdout, stderr } = torture("--kills", "2", "--records", "200", "--seed", "7");
    assert.deepEqual([status, stderr], [0, ""], stdout);
    assert.match(
      stdout,
      /^seed 7: 2 kills of the node \(\d at a step of its disk, \d of a start\), .*\n600 records, 1,\d{3} messages, 0 lost, 0 doubled, in \d+\.\d s\n$/,
    );
  }).timeout(120_000);

  it("exits with 2 for a wrong command line, and with 0 for help", () => {
    for (const words of [["--kills", "0"], ["--seed", "-1"], ["more"]]) {
      const { status, stderr } = torture(...words);
      assert.equal(status, 2, words.join(" "));
      assert.match(stderr, /error: .*\(--help says more\)/s);
    }
    const { status, stdout } = torture("--help");
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: torture/);
  });
});
