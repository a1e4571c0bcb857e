import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runBlock } from "../support/core-commands.js";
import { runScenario } from "../support/core-scenario.js";
import { Story } from "../support/core-story.js";

// Goal: what the core does, step by step, as a reader can follow it. Method: every .txt file of this
// folder is a story of commands and their full effects; UPDATE=1 rewrites what they expect. The
// grammar of a command stands at its handler, in ../support/core-*-commands.ts.

const directory = fileURLToPath(new URL("../../../test/scenarios/", import.meta.url));
const update = process.env["UPDATE"] === "1";

describe("a scenario", () => {
  const files = readdirSync(directory).filter((name) => name.endsWith(".txt"));

  for (const file of files.toSorted()) {
    it(`goes as ${file} tells`, () => {
      const story = new Story();
      const run = (commands: readonly string[]) => runBlock(story, commands);
      const { expected, actual } = runScenario(`${directory}${file}`, run, update);
      assert.equal(actual, expected);
    });
  }

  it("begins with what it is about", () => {
    for (const file of files) {
      assert.match(readFileSync(`${directory}${file}`, "utf8"), /^# \S/, file);
    }
  });

  it("fails on a command that it does not know", () => {
    assert.throws(() => runBlock(new Story(), ["leap s1"]), /leap s1: no command leap/);
  });

  it("fails on words that no command takes", () => {
    assert.throws(() => runBlock(new Story(), ["tick 5 6"]), /tick 5 6: what is "6"\?/);
  });
});
