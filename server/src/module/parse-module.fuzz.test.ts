import assert from "node:assert/strict";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { textMutations } from "@statewire/fuzz/mutation.js";
import { assertWritten, decodeOwing } from "@statewire/fuzz/owes.js";
import fc from "fast-check";
import { parseDuration } from "./duration.js";
import { ModuleError } from "./module-problem.js";
import { parseModule } from "./parse-module.js";
import { parseSecretText } from "./secret-text.js";
import { parseTemplate, renderTemplate } from "./template.js";

// Goal: whatever a module file holds is a module, or problems, each with its place and what is wrong
// there; also what is made to exhaust a reader of YAML. Method: a module with every kind and key,
// with changed characters; and documents that are small and stand for much.

const complete = `kind: statewire.endpoints.v1/grpc
spec:
  functions: [example/counter, "mail/*"]
  addresses:
    - localhost:8000
    - unix:server.sock
  tls: {caFile: ca.pem, certFile: cert.pem, keyFile: key.pem, serverName: server}
  retry: {initialBackoff: 100, maxBackoff: 30 sec, factor: 2, jitter: 0.2}
  timeout: 1 min
  maxBatch: 10
---
kind: statewire.file.v1/ingress
spec:
  id: example/flights
  path: flights.csv
  format: csv
  csv: {delimiter: ";", quote: "'", columns: [kind, origin, destination, delay]}
  invalidRecords: skip
  targets:
    - function: example/{kind}
      id: "{origin}-{destination}"
      valueType: io.statefun.types/long
      value: "{delay}"
---
kind: statewire.file.v1/egress
spec: {id: example/log, path: out.txt, format: template, template: "{source.id}: {value.a}"}
---
kind: statewire.http.v1/egress
spec:
  id: example/hook
  url: https://example.com/\${TOKEN}
  headers: {authorization: "Bearer \${file:secret.txt}"}
---
kind: statewire.stdout.v1/egress
spec: {id: example/out, format: raw, separator: "\\0"}
---
kind: statewire.grpc.v1/egress
spec: {id: example/feed}
`;

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what users write.
const secrets = ["Bearer ${TOKEN} ${file:a/b} $$"];

const words = [
  ...["kind: ", "spec:", "  ", "- ", "---\n", "...\n", "{", "}", "[", "]", ": ", ", ", "\n", "? "],
  ...["&a ", "*a", "*b", "<<: *a", "!!binary ", "!!str ", "!!float ", "!tag ", "%YAML 1.1\n"],
  ...['"', "'", "|\n", ">\n", "# ", "\t", "\r", "\u0000", "\ufeff", "\u2028", "~", "null", "true"],
  ...[".inf", ".nan", "-0", "1e999", "0x7f", "0o7", "99999999999999999999", "2020-01-01"],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "valueOf",
    "{toString: 1}",
    "hasOwnProperty",
    "${",
    "{{",
  ],
];

const size = 3000;
/** Documents of some kilobytes that ask for more than that. */
const bombs: Readonly<Record<string, string>> = {
  "a billion laughs": [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ..."bcdefghi"
      .split("")
      .map((name, at) => `${name}: &${name} [${`*${"abcdefghi"[at]}, `.repeat(9)}]`),
  ].join("\n"),
  "a list that holds itself": "kind: &a [*a]\nspec: *a\n",
  "a map that holds itself": "kind: statewire.grpc.v1/egress\nspec: &a {id: *a, x: *a}\n",
  "a setting that holds itself": "&a\nkind: *a\nspec: *a\n",
  "lists in lists": "[".repeat(size),
  "closed lists in lists": `kind: ${"[".repeat(size)}${"]".repeat(size)}`,
  "maps in maps": "{a: ".repeat(size),
  "closed maps in maps": `kind: x\nspec: ${"{a: ".repeat(size)}1${"}".repeat(size)}`,
  "lists by indentation": Array.from({ length: size }, (_, at) => `${" ".repeat(at)}-`).join("\n"),
  "items on one line": `kind: ${"- ".repeat(size)}`,
  "keys of keys": "? ".repeat(size),
  tags: "!!a ".repeat(size),
  anchors: `${"&a ".repeat(size)}x`,
  "many anchors": Array.from({ length: size }, (_, at) => `k${at}: &a${at} x`).join("\n"),
  "many aliases": `a: &a x\nb: [${"*a, ".repeat(size)}]`,
  "many documents": "---\na\n".repeat(size),
  "many keys": Array.from({ length: size }, (_, at) => `k${at}: 1`).join("\n"),
  "one key, many times": "k: 1\n".repeat(size),
  "a long number": `kind: ${"9".repeat(100_000)}`,
  "a long hexadecimal number": `kind: 0x${"f".repeat(100_000)}`,
  "a long unknown key": `kind: x\n${"k".repeat(100_000)}: 1`,
  "a long unknown kind": `kind: ${"k".repeat(100_000)}`,
  "a long word": "x".repeat(300_000),
  "white space": " ".repeat(300_000),
  "line breaks": "\n".repeat(100_000),
  "tabs and line breaks": "\t\n".repeat(50_000),
  quotes: '"'.repeat(size),
  backslashes: `"${"\\".repeat(100_001)}`,
  comments: "#\n".repeat(50_000),
  "a block of folded lines": `kind: >\n${"  x\n\n".repeat(10_000)}`,
  "a name of every object":
    "kind: x\nspec: {__proto__: {toString: 1}, constructor: 1, toString: 1}",
};

function isProblem(error: unknown): boolean {
  if (!(error instanceof ModuleError)) return false;
  for (const { position, message } of error.problems) {
    assert.ok(!("line" in position) || (position.line >= 1 && position.column >= 1), message);
    assert.notEqual(message, "");
    assert.ok(message.length < 2000, `a message of ${message.length}`);
    assertWritten(message);
  }
  return error.problems.length > 0;
}

function parse(text: string) {
  const files = [{ file: "module.yaml", text }];
  return decodeOwing(text.length, () => parseModule(files, "/work"), isProblem);
}

describe("parseModule, of any text", () => {
  it("begins with a module that is valid", () => {
    assert.equal(parse(complete)?.module.egresses.length, 4);
  });

  for (const [what, text] of Object.entries(bombs)) {
    it(`holds for ${what}`, () => {
      parse(text);
    });
  }

  fuzz(
    "yaml: module",
    fc.property(textMutations([complete, ...complete.split("---\n")], words), (text) => {
      parse(text);
    }),
    { inputs: 400 },
  );

  fuzz(
    "yaml: template",
    fc.property(
      textMutations(["{origin}-{destination.city}", "{{{a}}}"], ["{", "}", ".", "__proto__"]),
      fc.json(),
      (text, json) => {
        const template = decodeOwing(
          text.length,
          () => parseTemplate(text),
          () => false,
        );
        if (typeof template === "string" || template === undefined) return;
        renderTemplate(template, JSON.parse(json));
        const written = template.parts.map((part) =>
          part.kind === "text"
            ? part.text.replaceAll(/[{}]/g, (brace) => brace + brace)
            : `{${part.path.join(".")}}`,
        );
        assert.deepEqual(parseTemplate(written.join("")), { ...template, text: written.join("") });
      },
    ),
    { inputs: 1000 },
  );

  fuzz(
    "yaml: secret text and duration",
    fc.property(
      textMutations(secrets, ["$", "${", "}", "file:", "\n"]),
      textMutations(["10 sec", "1day", "500", " 3 ms "], ["9".repeat(400), "µs", "ns", ".", "-"]),
      (secret, duration) => {
        decodeOwing(
          secret.length,
          () => parseSecretText(secret, (path) => path),
          () => false,
        );
        const durationMs = decodeOwing(
          duration.length,
          () => parseDuration(duration),
          () => false,
        );
        assert.ok(durationMs === undefined || Number.isSafeInteger(durationMs));
      },
    ),
    { inputs: 1000 },
  );
});
