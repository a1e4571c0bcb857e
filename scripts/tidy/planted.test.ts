// Goal: every house rule can fail. Method: break each in a workspace of a few lines, and keep it in
// another that looks alike.
import assert from "node:assert/strict";
import { maskSource } from "./mask.js";
import { rules } from "./rules.js";

interface Planted {
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
  /** What the rule must say, in any order; empty: it must keep silent. */
  readonly violations: readonly RegExp[];
}

const serverMap = [
  "| folder | job | may import |",
  "|---|---|---|",
  "| `core` | Decides | itself |",
  "| `store` | Keeps | core, lmdb |",
  "| `cli` | The verbs | everything below, settings |",
  "| `settings.ts` | Knobs | core |",
  "| `node.ts` | Wires | all |",
].join("\n");

const lines = (count: number): string => "// why\n".repeat(count);

const planted: readonly Planted[] = [
  {
    rule: "the map of the server matches its folders",
    files: {
      "server/README.md": serverMap,
      "server/src/core/a.ts": "",
      "server/src/egress/b.ts": "",
    },
    violations: [
      /no row for egress/,
      /row for store, which/,
      /row for cli, which/,
      /row for settings.ts, which/,
      /row for node.ts, which/,
    ],
  },
  {
    rule: "the map of the server matches its folders",
    files: {
      "server/README.md": serverMap,
      "server/src/core/a.ts": "",
      "server/src/store/b.ts": "",
      "server/src/cli/c.ts": "",
      "server/src/settings.ts": "",
      "server/src/node.ts": "",
    },
    violations: [],
  },
  {
    rule: "imports keep the ranks of the map",
    files: {
      "server/README.md": serverMap,
      "server/src/core/a.ts":
        'import type { B } from "../store/b.js";\nimport "@statewire/protos/x.js";',
      "server/src/store/b.ts": 'import { open } from "lmdb";\nimport { a } from "../core/a.js";',
      "server/src/node.ts": 'import { b } from "./store/b.js";',
      "server/src/cli/c.ts": 'import { a } from "../settings.js";\nimport { b } from "../node.js";',
      "server/src/settings.ts": 'import "@statewire/protos/x.js";',
      "server/src/core/a.test.ts": 'import { b } from "../store/b.js";',
    },
    violations: [
      /core\/a.ts: core may not import store/,
      /core\/a.ts: core may not import protos/,
      /cli\/c.ts: cli may not import node.ts/,
      /settings.ts: settings.ts may not import protos/,
    ],
  },
  {
    rule: "imports have no cycle",
    files: {
      "server/src/core/a.ts": 'import { b } from "./b.js";',
      "server/src/core/b.ts": 'import {\n  c,\n} from "./c.js";',
      "server/src/core/c.ts": 'export { a } from "./a.js";',
    },
    violations: [
      /cycle of server\/src\/core\/a.ts, server\/src\/core\/b.ts, server\/src\/core\/c.ts/,
    ],
  },
  {
    rule: "imports have no cycle",
    files: {
      "server/src/core/a.ts": 'import { b } from "./b.js";',
      "server/src/core/b.ts": 'import type { A } from "./a.js";\nimport { type C } from "./a.js";',
    },
    violations: [],
  },
  {
    rule: "only the store imports lmdb",
    files: {
      "server/src/commit/a.ts": 'import { open } from "lmdb";',
      "server/src/store/b.ts": 'import { open } from "lmdb";',
    },
    violations: [/commit\/a.ts/],
  },
  {
    rule: "relative imports stay in their package",
    files: {
      "conformance/src/a.ts": 'import { b } from "../../server/src/b.js";',
      "server/src/b.ts": 'import { a } from "./a.js";',
    },
    violations: [/conformance\/src\/a.ts/],
  },
  {
    rule: "every source file is reachable from an entry or a test",
    files: {
      "server/package.json": '{ "exports": "./dist/src/main.js" }',
      "sdk-ts/package.json": '{ "exports": { "./*": "./dist/src/public/*.js" } }',
      "sdk-ts/src/public/a.ts": "",
      "sdk-ts/src/private/b.ts": "",
      "server/src/main.ts": 'import { a } from "./a.js";',
      "server/src/a.ts": 'fork(new URL("./child.js", import.meta.url));',
      "server/src/child.ts": "",
      "server/src/forgotten.ts": "",
      "server/src/tested.ts": "",
      "server/src/tested.test.ts": 'import { t } from "./tested.js";',
    },
    violations: [/server\/src\/forgotten.ts/, /private\/b.ts/],
  },
  {
    rule: "pure code has no clock, no chance and no waiting",
    files: {
      "server/src/core/a.ts": "const now = Date.now();\nconst x = Math.random();",
      "sdk-ts/src/session/b.ts": "async function wait(): Promise<void> {}",
      "server/src/core/c.ts": '// No Date here.\nconst word = "async";',
      "server/src/loop/d.ts": "const now = Date.now();",
    },
    violations: [/a.ts:1: Date/, /a.ts:2: Math.random/, /b.ts:1: async/, /b.ts:1: Promise/],
  },
  {
    rule: "file names say what is inside",
    files: {
      "server/src/utils.ts": "",
      "server/src/common/a.ts": "",
      "sdk-ts/src/types.ts": "",
      "server/src/message-types.ts": "",
    },
    violations: [/utils.ts/, /common\/a.ts/],
  },
  {
    rule: "files have at most 500 lines",
    files: {
      "server/src/a.ts": lines(501),
      "server/src/b.ts": lines(500),
      "protos/src/gen/c.ts": lines(900),
    },
    violations: [/a.ts: 501 lines/],
  },
  {
    rule: "functions have at most 70 lines",
    files: {
      "server/src/a.ts": `function long(a: number): void {\n${lines(70)}}`,
      "server/src/b.ts": `const long = async () => {\n${lines(70)}};`,
      "server/src/c.ts": `class C {\n  #long(f: () => void): Map<string, number> {\n${lines(70)}}\n}`,
      "server/src/d.ts": `function short() {\n${lines(68)}}\nif (long) {\n${lines(90)}}`,
      "server/src/e.test.ts": `describe("e", () => {\n${lines(90)}});`,
    },
    violations: [
      /a.ts:1: a function of 72/,
      /b.ts:1: a function of 72/,
      /c.ts:2: a function of 72/,
    ],
  },
  {
    rule: "nothing is any",
    files: {
      "server/src/a.ts": "const a: any = 1;\nconst b = c as any[];",
      "server/src/b.ts": '// any\nconst a = Promise.any(["any"]);\nconst options = { any: 1 };',
    },
    violations: [/a.ts:1/, /a.ts:2/],
  },
  {
    rule: "the compiler is obeyed",
    files: {
      "server/src/a.ts": "// @ts-ignore\nconst a = 1;\n/* @ts-nocheck */",
      "server/src/b.ts": 'const a = "@ts-ignore";',
    },
    violations: [/a.ts:1: @ts-ignore/, /a.ts:3: @ts-nocheck/],
  },
  {
    rule: "every test runs",
    files: {
      "server/src/a.test.ts": 'describe.only("a", () => {});\nit.skip("b");\nit("c");',
      "server/src/b.ts": "selection.only(1);",
    },
    violations: [/a.test.ts:1/, /a.test.ts:2/],
  },
  {
    rule: "tests do not sleep",
    files: {
      "server/src/a.test.ts": "await sleep(5);",
      "server/test/support/b.ts": "await new Promise((resolve) => setTimeout(resolve, 500));",
      "server/test/support/c.ts":
        "while (isAlive(pid)) await new Promise((r) => setTimeout(r, 5));",
      "server/src/d.ts": "setTimeout(resolve, 500);",
    },
    violations: [/a.test.ts:1/, /b.ts:1/],
  },
  {
    rule: "links of documents resolve",
    files: {
      "docs/A.md": "[a](B.md#two-words) [b](../server/) [c](https://x.y)\n`[d](none.md)`",
      "docs/B.md": "# Two words\n[a](none.md) [b](A.md#none) [c](#two-words)",
      "server/a.ts": "",
    },
    violations: [/B.md:2: dead link none.md/, /B.md:2: dead link A.md#none/],
  },
  {
    rule: "words are plain",
    files: {
      "docs/A.md": "A seamless start.\nDone \u{1F680}",
      "server/src/a.ts": "// TODO: later",
      "server/src/b.ts": "// Todomvc",
    },
    violations: [/A.md:1/, /A.md:2/, /a.ts:1/],
  },
  {
    rule: "cited clauses of the protocol exist",
    files: {
      "protos/PROTOCOL.md": "- **[HELLO-1]** The runtime MUST ...",
      "server/src/a.ts": '// [HELLO-1]\nreport("HELLO-77");\nencode("UTF-8");',
    },
    violations: [/a.ts:2: .*HELLO-77/],
  },
  {
    rule: "the lock file names no host",
    files: { "package-lock.json": '{ "resolved": "https://registry.invalid/a.tgz" }' },
    violations: [/registry.invalid/],
  },
];

describe("a planted violation", () => {
  for (const { rule, files, violations } of planted) {
    it(`of "${rule}" is ${violations.length === 0 ? "not seen where there is none" : "found"}`, () => {
      const found = rules[rule]?.(new Map(Object.entries(files)));
      assert.ok(found !== undefined, `no rule "${rule}"`);
      assert.equal(found.length, violations.length, found.join("\n"));
      for (const violation of violations) {
        assert.ok(
          found.some((line) => violation.test(line)),
          `${violation} in ${found.join("\n")}`,
        );
      }
    });
  }

  it("exists for every rule", () => {
    const covered = new Set(planted.map(({ rule }) => rule));
    assert.deepEqual(
      Object.keys(rules).filter((rule) => !covered.has(rule)),
      [],
    );
  });
});

describe("maskSource()", () => {
  it("blanks comments, strings, templates and regular expressions, and keeps positions", () => {
    const placeholder = ["$", "{c}"].join("");
    const text = `a("{//}"); // }\nb(\`{${placeholder}}\`, /[/}]"/g); /* {\n */ d / e / f;`;
    const { code, comments } = maskSource(text);
    assert.equal(code, 'a("    ");     \nb(`      `, /      g);     \n    d / e / f;');
    assert.equal(comments.trimStart().split("\n")[0], "// }");
    assert.equal(code.length, text.length);
  });
});
