// Goal: the house rules that a program can check hold. Method: every rule looks at every file.
import assert from "node:assert/strict";
import { rules } from "./rules.js";
import { readWorkspace } from "./workspace.js";

describe("house rules", () => {
  const workspace = readWorkspace();

  for (const [sentence, rule] of Object.entries(rules)) {
    it(sentence, () => {
      assert.deepEqual(rule(workspace), []);
    });
  }
});
