import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { textMutations } from "@statewire/fuzz/mutation.js";
import fc from "fast-check";
import { statewire } from "./support/command-line.js";

// Goal: whatever is typed, the command line ends with 0, 1 or 2, and says why in words, not with a
// stack. Method: words of the command line in any order, with changed characters; no node listens.

const words = [
  ...["run", "validate", "send", "call", "state", "get", "list", "inspect", "parked", "show"],
  ...[
    "retry",
    "drop",
    "checkpoint",
    "--json",
    "--help",
    "--version",
    "-h",
    "--",
    "-",
    "-x",
    "--x=1",
  ],
  ...[
    "module.yaml",
    "none.yaml",
    ".",
    "/dev/null",
    "example/counter/ann",
    "example/counter",
    "a//b",
  ],
  ...[
    "--grpc",
    "127.0.0.1:1",
    "--data-dir",
    "--config",
    "--type",
    "--json-type",
    "--file",
    "--int",
  ],
  ...[
    "--string",
    "--bool",
    "--delay",
    "10 sec",
    "--key",
    "--limit",
    "1",
    "-1",
    "1e9",
    "true",
    "{}",
  ],
  ...["hello", "", " ", "\u0000", "é", "%s", "$(x)", "../../x", "x".repeat(500), "__proto__"],
];
const word = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: textMutations(words, ["-", "=", "/", "\n", "\u001b[2J"]) },
);
const lines = fc.tuple(fc.constantFrom(...words.slice(0, 12)), fc.array(word, { maxLength: 6 }));

const inputs = fc.option(
  fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constantFrom("hello", "{}", "12")),
  { nil: undefined },
);

describe("the command line, of any words", () => {
  fuzz(
    "cli: words",
    fc.asyncProperty(lines, inputs, async ([first, rest], stdin) => {
      const environment = { STATEWIRE_GRPC: "127.0.0.1:1" };
      const files = { "module.yaml": "kind: statewire.grpc.v1/egress\nspec: {id: a/b}\n" };
      const { exitCode, stderr } = await statewire([first, ...rest], {
        environment,
        files,
        ...(stdin === undefined ? {} : { stdin }),
      });
      assert.ok([0, 1, 2].includes(exitCode), `exit code ${exitCode}`);
      if (exitCode > 0) assert.notEqual(stderr.trim(), "", "says why");
      // The helper's own end of "run", which starts no node here.
      if (stderr.includes("starts no node")) return;
      assert.doesNotMatch(stderr, /\n {4}at |TypeError|RangeError|ERR_|undefined/);
      assert.ok(stderr.length < 20_000, `${stderr.length} characters on standard error`);
    }),
    { inputs: 150 },
  );
});
