import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

// Goal: what `npm run simulate` prints and how it ends. Method: the command itself.

const program = fileURLToPath(new URL("./simulate.js", import.meta.url));

function simulate(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr };
}

describe("npm run simulate", function () {
  this.timeout(120_000);

  it("replays a seed byte for byte, in another process", () => {
    const first = simulate("--seed", "18446744073709551615", "--log");
    assert.equal(first.status, 0, first.stdout.slice(-1000));
    assert.ok(first.stdout.split("\n").length > 100);
    assert.deepEqual(simulate("--seed", "18446744073709551615", "--log"), first);
  });

  it("shows a seed that fails, what happened last, and the commands that show it again", () => {
    const { status, stdout } = simulate("--seeds", "1", "--plant", "forget a position");
    assert.equal(status, 1);
    assert.match(stdout, /^seed 1 fails after \d+ events:\n {2}Violation: /);
    assert.match(stdout, /^ +\d+ event {6}\S/m);
    assert.match(
      stdout,
      /^replay it by: npm run simulate -- --seed 1 --plant "forget a position"$/m,
    );
    const smaller = /^smaller: +npm run simulate -- (.*)$/m.exec(stdout)?.[1] ?? "";
    const words = [...smaller.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare,
    );
    const again = simulate(...words.map(String));
    assert.equal(again.status, 1, "the smaller case fails too");
  });

  it("prints one JSON object, and draws no bar where there is no terminal", () => {
    const { status, stdout, stderr } = simulate("--seeds", "3", "--first", "5", "--json");
    assert.equal(status, 0);
    const { seeds, failures } = JSON.parse(stdout) as { seeds: number; failures: unknown[] };
    assert.deepEqual([seeds, failures, stderr], [3, [], ""]);
  });

  it("exits with 2 for a wrong command line, and with 0 for help", () => {
    for (const words of [["--seed", "-1"], ["--seed", "1e30"], ["--without", "luck"], ["more"]]) {
      const { status, stderr } = simulate(...words);
      assert.equal(status, 2, words.join(" "));
      assert.match(stderr, /error: .*\(--help says more\)/s);
    }
    const { status, stdout } = simulate("--help");
    assert.equal(status, 0);
    assert.match(stdout, /^Usage: simulate/);
  });
});
