// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of secrets.
import assert from "node:assert/strict";
import type { Module } from "./module.js";
import { formatProblem, ModuleError } from "./module-problem.js";
import { parseModule } from "./parse-module.js";

function parse(text: string, file = "/modules/module.yaml"): Module {
  return parseModule([{ file, text }]).module;
}

function problemsOf(...texts: string[]): string[] {
  const files = texts.map((text, index) => ({ file: `${"abc"[index]}.yaml`, text }));
  try {
    parseModule(files);
  } catch (error) {
    if (error instanceof ModuleError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

const endpoint = (functions: string) => `
kind: statewire.endpoints.v1/grpc
spec:
  functions: ${functions}
  address: localhost:7500
`;

/** A file ingress with other lines in place of its targets. */
const ingress = (lines: string) => `
kind: statewire.file.v1/ingress
spec:
  id: flights/departures
  path: flights.ndjson
${lines}`;

const target = `
  targets:
    - function: flights/airport
      id: "{origin}"
      valueType: flights/Departure
`;

const egress = (lines: string) => `
kind: statewire.http.v1/egress
spec:
  id: flights/alerts
  url: https://example.com/alerts
${lines}`;

describe("a module file", () => {
  it("gives an endpoint with every default filled in", () => {
    const module = parse(endpoint("flights/*"));
    assert.deepEqual(module, {
      endpoints: [
        {
          kind: "statewire.endpoints.v1/grpc",
          source: { file: "/modules/module.yaml", line: 2, column: 7 },
          functions: ["flights/*"],
          addresses: ["localhost:7500"],
          tls: null,
          authorization: null,
          retry: {
            initialBackoffMs: 100,
            maxBackoffMs: 30_000,
            factor: 2,
            jitter: 0.2,
            attemptsMax: null,
            deadLetterEgress: null,
          },
          timeoutMs: null,
          batchMax: null,
        },
      ],
      ingresses: [],
      egresses: [],
      connectors: [],
    });
  });

  it("reads an endpoint's every key", () => {
    const [spec] = parse(`
kind: statewire.endpoints.v1/grpc
spec:
  functions: [flights/airport, "flights/*"]
  addresses: ["[::1]:7500", unix:run/functions.sock, functions.example.com:443]
  tls: {caFile: ca.pem, certFile: /keys/cert.pem, keyFile: /keys/key.pem, serverName: functions}
  authorization: Bearer \${TOKEN}
  retry:
    initialBackoff: 1s
    maxBackoff: 2 min
    factor: 1.5
    jitter: 0
    attempts: 12
    whenExhausted: drop-to-egress
    deadLetterEgress: flights/failed
  timeout: 1day
  maxBatch: 50
---
kind: statewire.grpc.v1/egress
spec: {id: flights/failed}
`).endpoints;
    assert.ok(spec?.kind === "statewire.endpoints.v1/grpc");
    const { authorization, ...others } = spec;
    assert.equal(authorization?.reveal({ TOKEN: "s3cret" }), "Bearer s3cret");
    assert.deepEqual(others, {
      kind: "statewire.endpoints.v1/grpc",
      source: { file: "/modules/module.yaml", line: 2, column: 7 },
      functions: ["flights/airport", "flights/*"],
      addresses: ["[::1]:7500", "unix:/modules/run/functions.sock", "functions.example.com:443"],
      tls: {
        caFile: "/modules/ca.pem",
        certFile: "/keys/cert.pem",
        keyFile: "/keys/key.pem",
        serverName: "functions",
      },
      retry: {
        initialBackoffMs: 1000,
        maxBackoffMs: 120_000,
        factor: 1.5,
        jitter: 0,
        attemptsMax: 12,
        deadLetterEgress: "flights/failed",
      },
      timeoutMs: 86_400_000,
      batchMax: 50,
    });
  });

  it("gives components of several documents in their order, passing over empty ones", () => {
    const module = parse(
      [
        "# only a comment",
        endpoint("a/one"),
        "",
        endpoint("a/two"),
        "kind: statewire.grpc.v1/egress\nspec: {id: a/records}",
        "kind: statewire.stdout.v1/egress\nspec: {id: a/lines, format: raw, separator: ''}",
      ].join("\n---\n"),
    );
    assert.deepEqual(
      module.endpoints.map((spec) => spec.functions),
      [["a/one"], ["a/two"]],
    );
    assert.deepEqual(
      module.egresses.map(({ kind, id }) => [kind, id]),
      [
        ["statewire.grpc.v1/egress", "a/records"],
        ["statewire.stdout.v1/egress", "a/lines"],
      ],
    );
  });

  it("reads a file ingress with targets by field and template", () => {
    const [spec] = parse(
      ingress(`
  format: ndjson
  follow: true
  invalidRecords: skip
  targets:
    - function: flights/airport
      id: "{origin}"
      valueType: flights/Departure
    - function: flights/{kind}
      id: "{origin}-{leg.destination}"
      valueType: io.statefun.types/int
      value: "{delay}"
    - function: flights/log
      id: all
      valueType: io.statefun.types/string
      value: "{origin} at {date}"
`),
    ).ingresses;
    assert.ok(spec?.kind === "statewire.file.v1/ingress");
    assert.equal(spec.path, "/modules/flights.ndjson");
    assert.deepEqual(spec.format, { kind: "ndjson" });
    assert.equal(spec.follow, true);
    assert.equal(spec.invalidRecords, "skip");
    assert.deepEqual(
      spec.targets.map(({ id, value }) => ({ id: id.parts, value })),
      [
        { id: [{ kind: "field", path: ["origin"] }], value: { kind: "record" } },
        {
          id: [
            { kind: "field", path: ["origin"] },
            { kind: "text", text: "-" },
            { kind: "field", path: ["leg", "destination"] },
          ],
          value: { kind: "field", path: ["delay"] },
        },
        {
          id: [{ kind: "text", text: "all" }],
          value: {
            kind: "text",
            template: {
              text: "{origin} at {date}",
              parts: [
                { kind: "field", path: ["origin"] },
                { kind: "text", text: " at " },
                { kind: "field", path: ["date"] },
              ],
            },
          },
        },
      ],
    );
  });

  it("takes a dot in a column's name as part of the name", () => {
    const [spec] = parse(
      ingress(`
  format: csv
  csv: {delimiter: ";", columns: [leg.origin, leg.delay]}
  targets:
    - {function: flights/airport, id: "{leg.origin}", valueType: a/b, value: "{leg.delay}"}
`),
    ).ingresses;
    assert.ok(spec?.kind === "statewire.file.v1/ingress");
    assert.deepEqual(spec.format, {
      kind: "csv",
      delimiter: ";",
      quote: '"',
      columns: ["leg.origin", "leg.delay"],
    });
    assert.deepEqual(spec.targets[0]?.id.parts, [{ kind: "field", path: ["leg.origin"] }]);
    assert.deepEqual(spec.targets[0]?.value, { kind: "field", path: ["leg.delay"] });
  });

  it("reads a webhook whose secrets are references, and shows only the references", () => {
    const [spec] = parse(
      egress(`
  headers: {Authorization: "Bearer \${WEBHOOK_TOKEN}", X-Api-Key: "\${file:key.txt}", X-Version: 2}
  timeout: 2s
  maxBatch: 100
  rejectedRecords: drop
`),
    ).egresses;
    assert.ok(spec?.kind === "statewire.http.v1/egress");
    const header = spec.headers.get("authorization");
    assert.equal(header?.reveal({ WEBHOOK_TOKEN: "s3cret" }), "Bearer s3cret");
    assert.equal(JSON.stringify([header, String(header)]).includes("s3cret"), false);
    assert.deepEqual(spec.headers.get("x-api-key")?.references, [
      { kind: "file", path: "/modules/key.txt" },
    ]);
    assert.equal(spec.headers.get("x-version")?.reveal({}), "2");
    assert.equal(spec.url.reveal({}), "https://example.com/alerts");
    assert.deepEqual([spec.timeoutMs, spec.batchMax, spec.rejectedRecords], [2000, 100, "drop"]);
  });

  it("reads a file egress with a template", () => {
    const [spec] = parse(`
kind: statewire.file.v1/egress
spec: {id: a/b, path: out/alerts.txt, format: template, template: "{source.id}: {value.delay}"}
`).egresses;
    assert.ok(spec?.kind === "statewire.file.v1/egress");
    assert.equal(spec.path, "/modules/out/alerts.txt");
    assert.equal(spec.format.kind, "template");
  });
});

describe("a module file that is wrong", () => {
  it("is refused with every problem at its line and column", () => {
    assert.deepEqual(
      problemsOf(`kind: statewire.endpoints.v1/grpc
spec:
  functions: [flights/airport, flights*]
  adress: localhost:7500
  timeout: 2 weeks
  retry: {factor: 0.5, jiter: 1}
---
kind: statewire.file.v1/egress
spec: {path: alerts.ndjson}
`),
      [
        'a.yaml:3:32: spec.functions[1] is "flights*": expected "namespace/type" or "namespace/*"',
        "a.yaml:6:19: spec.retry.factor is 0.5: expected a number from 1 to 100",
        'a.yaml:6:24: spec.retry has the unknown key "jiter"; did you mean "jitter"?',
        'a.yaml:5:12: spec.timeout is "2 weeks": expected a duration such as 500 (ms), "10 sec", "2m" or "1day"',
        'a.yaml:4:3: spec has the unknown key "adress"; did you mean "address"?',
        'a.yaml:9:7: spec.id is missing: expected "namespace/name"',
      ],
    );
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ["a text", "just text", 'a.yaml:1:1: the document is "just text": expected {kind, spec}'],
    ["no kind", "spec: {}", "a.yaml:1:1: kind is missing: expected one of statewire.endpoints"],
    [
      "no spec",
      "kind: statewire.grpc.v1/egress",
      "a.yaml:1:1: spec is missing: expected an object with id",
    ],
    [
      "a kind that is nearly right",
      "kind: statewire.file.v1/ingres\nspec: {}",
      'a.yaml:1:7: kind statewire.file.v1/ingres is unknown; did you mean "statewire.file.v1/ingress"?',
    ],
    [
      "a kind that nothing is near to",
      "kind: x\nspec: {}",
      'a.yaml:1:7: kind x is unknown; valid: "statewire.endpoints.v1/grpc",',
    ],
    [
      "a name of the object's prototype as kind",
      "kind: constructor\nspec: {}",
      "a.yaml:1:7: kind constructor is unknown; valid:",
    ],
    [
      "a key beside kind and spec",
      "kind: statewire.grpc.v1/egress\nspecs: {}\nspec: {id: a/b}",
      'a.yaml:2:1: the document has the unknown key "specs"; did you mean "spec"?',
    ],
    ["broken YAML", "kind: [a\nspec: {}", "a.yaml:2:1: not valid YAML: "],
    ["a key twice", "kind: a\nkind: b", "a.yaml:2:1: not valid YAML: Map keys must be unique"],
    ["an alias to nothing", "kind: *a", "a.yaml:1:1: not valid YAML: "],
    [
      "an address without a port",
      endpoint("a/b").replace(":7500", ""),
      'a.yaml:5:12: spec.address is "localhost": expected "host:port" or "[ipv6]:port" or "unix:path"',
    ],
    [
      "a port out of range",
      endpoint("a/b").replace("7500", "75000"),
      'a.yaml:5:12: spec.address is "localhost:75000": expected "host:port"',
    ],
    [
      "neither address nor addresses",
      endpoint("a/b").replace("address: localhost:7500", "maxBatch: 1"),
      'a.yaml:4:3: spec lacks address: expected "host:port"',
    ],
    [
      "both address and addresses",
      `${endpoint("a/b")}  addresses: [localhost:7501]\n`,
      "a.yaml:4:3: spec has both address and addresses: expected one of them",
    ],
    [
      "an address twice",
      endpoint("a/b").replace("address: localhost:7500", "addresses: [h:1, h:1]"),
      'a.yaml:5:20: spec.addresses[1] is "h:1" for the second time',
    ],
    [
      "no functions",
      endpoint("[]"),
      "a.yaml:4:14: spec.functions is an empty list: expected at least one",
    ],
    [
      "a number as function",
      endpoint("7"),
      'a.yaml:4:14: spec.functions is 7: expected "namespace/type"',
    ],
    [
      "an authorization that is no reference",
      `${endpoint("a/b")}  authorization: Bearer abc\n`,
      "a.yaml:6:18: spec.authorization is not valid: a secret stands in no module file; " +
        "write it as ${VARIABLE} or ${file:PATH}",
    ],
    [
      "a certificate without its key",
      `${endpoint("a/b")}  tls: {certFile: cert.pem}\n`,
      "a.yaml:6:8: spec.tls has certFile without keyFile: expected both or neither",
    ],
    [
      "a first backoff above the last",
      `${endpoint("a/b")}  retry: {initialBackoff: 2s, maxBackoff: 1s}\n`,
      "a.yaml:6:27: spec.retry.initialBackoff is 2000 ms: expected at most maxBackoff, 1000 ms",
    ],
    [
      "a batch of nothing",
      `${endpoint("a/b")}  maxBatch: 0\n`,
      "a.yaml:6:13: spec.maxBatch is 0: expected a whole number from 1 to 100000",
    ],
    [
      "no time at all",
      `${endpoint("a/b")}  timeout: 0 sec\n`,
      'a.yaml:6:12: spec.timeout is "0 sec": expected a duration',
    ],
    [
      "an unknown format",
      ingress(`  format: cvs${target}`),
      'a.yaml:6:11: spec.format is "cvs": expected ndjson, json or csv; did you mean "csv"?',
    ],
    ["no targets", ingress("  format: json"), "a.yaml:4:3: spec.targets is missing or not a list"],
    [
      "more targets than a position can tell apart",
      ingress(
        `  format: json\n  targets: [${"{function: a/b, id: x, valueType: a/c}, ".repeat(65)}]`,
      ),
      "a.yaml:7:12: spec.targets is too long: expected at most 64 targets",
    ],
    [
      "an array that is followed",
      ingress(`  format: json\n  follow: true${target}`),
      "a.yaml:7:11: spec.follow is true: expected false with format json",
    ],
    [
      "options of CSV for another format",
      ingress(`  format: ndjson\n  csv: {}${target}`),
      "a.yaml:7:8: spec.csv is given: expected it only with format csv, not ndjson",
    ],
    [
      "a template without quotes",
      ingress(`  format: json${target}`).replace('"{origin}"', "{origin}"),
      'a.yaml:9:11: spec.targets[0].id is {"origin":null}: YAML reads this as an object; quote the template: "{origin}"',
    ],
    [
      "a template that is not closed",
      ingress(`  format: json${target}`).replace('"{origin}"', '"{origin"'),
      'a.yaml:9:11: spec.targets[0].id is "{origin": it has a "{" without "}"',
    ],
    [
      "a target that is no function type",
      ingress(`  format: json${target}`).replace("flights/airport", '"flights/*"'),
      'a.yaml:8:17: spec.targets[0].function is "flights/*": expected "namespace/type"',
    ],
    [
      "a value without a field",
      ingress(`  format: json${target}      value: record\n`),
      'a.yaml:11:14: spec.targets[0].value is "record": it names no field',
    ],
    [
      "a valueType without a slash",
      ingress(`  format: json${target}`).replace("flights/Departure", "Departure"),
      'a.yaml:10:18: spec.targets[0].valueType is "Departure": expected a typename',
    ],
    [
      "a template of an egress with an unknown field",
      "kind: statewire.stdout.v1/egress\nspec: {id: a/b, format: template, template: '{origin}'}",
      'a.yaml:2:45: spec.template is "{origin}": it has no field "origin"; valid: value, typename',
    ],
    [
      "format template without one",
      "kind: statewire.stdout.v1/egress\nspec: {id: a/b, format: template}",
      "a.yaml:2:7: spec.template is missing: expected text with fields",
    ],
    [
      "a separator for lines of JSON",
      "kind: statewire.stdout.v1/egress\nspec: {id: a/b, separator: ';'}",
      "a.yaml:2:28: spec.separator is given: expected it only with format raw, not ndjson",
    ],
    [
      "an URL of another scheme",
      egress("").replace("https:", "ftp:"),
      "a.yaml:5:8: spec.url is not valid: expected the URL of a web server",
    ],
    [
      "a header of the connection",
      egress("  headers: {Host: a}"),
      "a.yaml:6:19: spec.headers.Host is set by",
    ],
    [
      "a header with a space",
      egress("  headers: {X Y: a}"),
      "a.yaml:6:18: spec.headers.X Y is not the name",
    ],
  ];
  for (const [name, text, expected] of wrong) {
    it(`is refused for ${name}`, () => {
      const [first] = problemsOf(text);
      assert.ok(first?.startsWith(expected), `${first}\ndoes not start with\n${expected}`);
    });
  }

  const exposed = [
    egress("  headers: {Authorization: Bearer s3cret}"),
    egress("  headers: {X-Auth-Token: s3cret}"),
    egress('  headers: {Authorization: "Bearer s3cret ${unclosed"}'),
    egress("").replace("example.com/", "s3cret:s3cret@example.com/"),
    egress("").replace("com/alerts\n", "com/alerts?api_key=s3cret\n"),
  ];
  for (const text of exposed) {
    it(`is refused for a secret in it, without repeating it: ${text.split("\n").at(-1) || "url"}`, () => {
      const problems = problemsOf(text);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", /\$\{VARIABLE\}|Authorization header/);
      assert.equal(problems.join().includes("s3cret"), false);
    });
  }

  it("is refused for what two components bind, with both places", () => {
    const file = (id: string) =>
      `kind: statewire.file.v1/egress\nspec: {id: ${id}, path: out.ndjson}`;
    assert.deepEqual(
      problemsOf(
        `${endpoint('["a/*", a/b]')}---${ingress(`  format: json${target}`)}`,
        `${endpoint("a/*")}---${ingress(`  format: json${target}`)}`,
        [file("a/x"), file("a/y"), "kind: statewire.grpc.v1/egress\nspec: {id: a/x}"].join(
          "\n---\n",
        ),
      ),
      [
        "b.yaml:4:14: function a/* is already bound at a.yaml:4:15",
        "b.yaml:9:7: ingress flights/departures is already bound at a.yaml:9:7",
        `c.yaml:5:23: egress file ${process.cwd()}/out.ndjson is already bound at c.yaml:2:23`,
        "c.yaml:8:12: egress a/x is already bound at c.yaml:2:12",
      ],
    );
  });
});
