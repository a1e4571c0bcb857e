// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of secrets.
import assert from "node:assert/strict";
import { statewire } from "./support/command-line.js";

const module = `kind: statewire.endpoints.v1/grpc
spec: {functions: flights/*, address: "localhost:7500", tls: {}}
---
kind: statewire.file.v1/ingress
spec:
  id: flights/departures
  path: /data/flights.ndjson
  format: ndjson
  targets: [{function: flights/airport, id: "{origin}", valueType: flights/Departure}]
---
kind: statewire.http.v1/egress
spec: {id: flights/alerts, url: "https://example.com", headers: {Authorization: "\${TOKEN}"}}
`;

describe("the command line", () => {
  it("prints help and version on standard output and exits with 0", async () => {
    const help = await statewire(["--help"]);
    assert.equal(help.exitCode, 0);
    for (const verb of ["run", "validate", "send", "call", "state", "inspect"]) {
      assert.match(help.stdout.toString(), new RegExp(`^  ${verb} `, "m"));
    }
    assert.equal(help.stderr, "");
    const { exitCode, stdout } = await statewire(["help", "state"]);
    assert.deepEqual([exitCode, stdout.toString().includes(" help ")], [0, false]);
    assert.match(stdout.toString(), /^Usage: statewire state /);
    const version = await statewire(["--version"]);
    assert.match(version.stdout.toString(), /^\d+\.\d+\.\d+\n$/);
  });

  for (const verb of [
    ["run"],
    ["validate"],
    ["send"],
    ["call"],
    ["state", "get"],
    ["state", "list"],
    ["inspect"],
  ]) {
    it(`has --json and examples in the help of ${verb.join(" ")}`, async () => {
      const { exitCode, stdout } = await statewire([...verb, "--help"]);
      assert.equal(exitCode, 0);
      assert.match(stdout.toString(), /--json/);
      assert.match(stdout.toString(), /\nExamples?:\n {2}(statewire|echo) /);
    });
  }

  it("shows the settings of run in groups, within 80 characters", async () => {
    const { stdout } = await statewire(["run", "--help"]);
    const [options = ""] = stdout.toString().split("\nFlags come before");
    const heads = options.split("\n").filter((line) => /^[A-Z][a-z ]+:$/.test(line));
    assert.deepEqual(heads, [
      "Options:",
      "Places:",
      "Checkpoints:",
      "Log:",
      "Largest sizes:",
      "Requests:",
      "Invocations:",
      "Memory and disk:",
      "Stopping:",
    ]);
    assert.deepEqual(
      options.split("\n").filter((line) => line.length > 80),
      [],
    );
  });

  const usage: readonly (readonly [string[], RegExp])[] = [
    [[], /^Usage: statewire/],
    [["state"], /^Usage: statewire state/],
    [["sned"], /^statewire: unknown command 'sned'\n\(Did you mean send\?\)/],
    [["run"], /^statewire: missing required argument 'MODULE'/],
    [
      ["run", "--data-dirr", "x", "m"],
      /unknown option '--data-dirr'\n\(Did you mean --data-dir\?\)/,
    ],
    [
      ["run", "--valueBytesMax", "3"],
      /unknown option '--valueBytesMax'\n\(Did you mean --value-bytes-max\?\)/,
    ],
    [
      ["run", "m", "--log-format", "text", "--batch-max", "0"],
      /^statewire: --batch-max: batchMax is "0": expected a whole number from 1 to 100000\n$/,
    ],
    [
      ["inspect", "--grpc", "here"],
      /^statewire: --grpc: grpc is "here": expected "host:port" or "\[ipv6\]:port"\n$/,
    ],
    [["send", "a", "x"], /^statewire: "a" is not an address: expected NAMESPACE\/TYPE\/ID\n$/],
    [["send", "/b/c", "x"], /^statewire: "\/b\/c" is not an address/],
    [
      ["send", "a/b", "x"],
      /^statewire: "a\/b" is a function type without an id: expected NAMESPACE\/TYPE\/ID\n$/,
    ],
    [["call", "a/b/"], /^statewire: "a\/b\/" has an empty id: expected NAMESPACE\/TYPE\/ID\n$/],
    [["send", "a/b/", "x"], /^statewire: "a\/b\/" has an empty id/],
    [["state", "get", "a/b"], /^statewire: "a\/b" is a function type without an id/],
    [
      ["inspect", "--grpc", "127.0.0.1:0"],
      /^statewire: no node can be found at 127.0.0.1:0: --grpc needs the port that run printed\n$/,
    ],
    [["send", "a/*/c", "x"], /^statewire: "a\/\*\/c" is not an address/],
    [
      ["send", "a/b/c"],
      /^statewire: no value: VALUE is missing; give VALUE \(an empty one is ''\), --file PATH or something on stdin\n$/,
    ],
    [["call", "a/b/c", "--int"], /^statewire: no value: VALUE is missing; /],
    [["send", "a/b/c", "x", "--file", "x"], /^statewire: both VALUE and --file are given\n$/],
    [
      ["send", "a/b/c", "x", "--int"],
      /^statewire: "x" is not an integer of 32 bits \(io.statefun.types\/int\)\n$/,
    ],
    [["send", "a/b/c", "2147483648", "--int"], /is not an integer of 32 bits/],
    [["send", "a/b/c", "no!", "--base64"], /^statewire: the value is not base64, as --base64 says/],
    [["send", "a/b/c", "{", "--json-type", "a/T"], /^statewire: the value of a\/T is not JSON: /],
    [
      ["send", "a/b/c", "1", "--int", "--long"],
      /option '--(int|long)' cannot be used with option '--(int|long)'/,
    ],
    [
      ["send", "a/b/c", "1", "--type", "T"],
      /^statewire: "T" is not a typename: expected NAMESPACE\/NAME without white space\n$/,
    ],
    [
      ["send", "a/b/c", "1", "--source", "s"],
      /^statewire: --source and --sequence come together\n$/,
    ],
    [["send", "a/b/c", "1", "--source", "s", "--sequence", "0"], /Expected a whole number from 1/],
    [
      ["send", "a/b/c", "1", "--source", "s", "--sequence", "1", "--key", "k"],
      /cannot be used with/,
    ],
    [["send", "a/b/c", "1", "--delay", "soon"], /Expected a duration such as 500 \(ms\), "10 sec"/],
    [
      ["state", "list", "a/b/c"],
      /^statewire: "a\/b\/c" is not a function type: expected NAMESPACE\/TYPE\n$/,
    ],
    [["inspect", "--watch", "0"], /Expected a duration such as 500 \(ms\), "10 sec"/],
    [["state", "list", "a/b", "--limit", "none"], /Expected a whole number from 1/],
  ];
  for (const [words, message] of usage) {
    it(`exits with 2, says why and prints no data for: ${words.join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await statewire(words);
      assert.match(stderr, message);
      assert.equal(exitCode, 2);
      assert.equal(stdout.toString(), "");
    });
  }

  it("exits with 2 when neither VALUE nor standard input holds a value", async () => {
    for (const words of [
      ["send", "a/b/c"],
      ["call", "a/b/c", "--int"],
    ]) {
      const { exitCode, stderr } = await statewire(words, { stdin: "" });
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        /^statewire: no value: VALUE is missing, and standard input is empty; give VALUE /,
      );
    }
  });

  it("prints errors as lines of JSON with --json", async () => {
    const cases: readonly (readonly [string[], number, string])[] = [
      [["send", "a/b", "x", "--json"], 2, '"a/b" is a function type without an id'],
      [["state", "list", "--json"], 2, "missing required argument 'TYPE'"],
      [["inspect", "--json", "--grcp", "x"], 2, "unknown option '--grcp'"],
      [["validate", "missing.yaml", "--json"], 1, "the module is not valid"],
    ];
    for (const [words, code, message] of cases) {
      const { exitCode, stderr } = await statewire(words);
      assert.equal(exitCode, code);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
      const { level, time, msg } = JSON.parse(stderr);
      assert.equal(level, "fatal");
      assert.ok(!Number.isNaN(Date.parse(time)));
      assert.ok(msg.startsWith(message), msg);
    }
  });

  it("refuses an unknown variable and an unknown key, naming the nearest", async () => {
    const { exitCode, stderr } = await statewire(["inspect"], {
      environment: { STATEWIRE_HTPP: "127.0.0.1:1" },
      files: { "statewire.yaml": "grcp: 127.0.0.1:1" },
    });
    assert.equal(exitCode, 2);
    assert.equal(
      stderr,
      'statewire: statewire.yaml:1:1: unknown setting "grcp"; did you mean "grpc"?\n' +
        'statewire: STATEWIRE_HTPP: unknown setting; did you mean "STATEWIRE_HTTP"?\n',
    );
  });
});

describe("statewire validate", () => {
  it("prints what valid files hold together, with the names of their secrets", async () => {
    const { exitCode, stdout, stderr } = await statewire(["validate", "a.yaml", "b.yaml"], {
      files: { "a.yaml": module, "b.yaml": "kind: statewire.grpc.v1/egress\nspec: {id: a/b}" },
    });
    assert.equal(stderr, "");
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.toString().split("\n"), [
      "a.yaml, b.yaml: valid",
      "endpoint localhost:7500 for flights/* (TLS)",
      "ingress flights/departures from /data/flights.ndjson (statewire.file.v1/ingress)",
      "egress flights/alerts to https://example.com (statewire.http.v1/egress)",
      "egress a/b to subscribers (statewire.grpc.v1/egress)",
      "secrets TOKEN",
      "",
    ]);
  });

  it("prints JSON", async () => {
    const { stdout } = await statewire(["validate", "a.yaml", "--json"], {
      files: { "a.yaml": module },
    });
    assert.deepEqual(JSON.parse(stdout.toString()), {
      valid: true,
      endpoints: [
        {
          kind: "statewire.endpoints.v1/grpc",
          functions: ["flights/*"],
          addresses: ["localhost:7500"],
        },
      ],
      ingresses: [{ kind: "statewire.file.v1/ingress", id: "flights/departures" }],
      egresses: [{ kind: "statewire.http.v1/egress", id: "flights/alerts" }],
      connectors: [],
      secrets: ["TOKEN"],
      warnings: [],
    });
  });

  it("accepts what this version cannot run, and says so", async () => {
    const kafka = "kind: io.statefun.kafka.v1/egress\nspec: {id: a/b, address: k:9092}";
    const { exitCode, stdout, stderr } = await statewire(["validate", "a.yaml"], {
      files: { "a.yaml": kafka },
    });
    assert.equal(exitCode, 0);
    assert.match(
      stdout.toString(),
      /^a.yaml: valid\negress a\/b \(io.statefun.kafka.v1\/egress\), not run\n/,
    );
    assert.match(
      stderr,
      /a.yaml:1:7: warning: io.statefun.kafka.v1\/egress a\/b is valid, and this version of statewire cannot run it/,
    );
  });

  it("exits with 1 and names every problem of every file with its place", async () => {
    const files = {
      "a.yaml": "kind: statewire.grpc.v1/egress\nspec: {ids: a/b}",
      "b.yaml": "kind: statewire.grcp.v1/egress\nspec: {id: a/b}",
    };
    const text = await statewire(["validate", "a.yaml", "b.yaml"], { files });
    assert.equal(text.exitCode, 1);
    assert.equal(text.stdout.toString(), "");
    assert.deepEqual(text.stderr.split("\n"), [
      'statewire: a.yaml:2:7: spec.id is missing: expected "namespace/name"',
      'statewire: a.yaml:2:8: spec has the unknown key "ids"; did you mean "id"?',
      'statewire: b.yaml:1:7: kind statewire.grcp.v1/egress is unknown; did you mean "statewire.grpc.v1/egress"?',
      "",
    ]);
    const json = await statewire(["validate", "a.yaml", "b.yaml", "--json"], { files });
    assert.equal(json.exitCode, 1);
    const { valid, problems } = JSON.parse(json.stdout.toString());
    assert.equal(valid, false);
    assert.deepEqual(problems[1], {
      file: "a.yaml",
      line: 2,
      column: 8,
      message: 'spec has the unknown key "ids"; did you mean "id"?',
    });
  });

  it("warns of what is perhaps not meant, on standard error, and exits with 0", async () => {
    const files = {
      "a.yaml": module.replace("flights/airport", "flight/airport"),
      "empty.yaml": "# nothing\n",
    };
    const text = await statewire(["validate", "a.yaml", "empty.yaml"], { files });
    assert.equal(text.exitCode, 0);
    assert.deepEqual(text.stderr.split("\n"), [
      "statewire: empty.yaml: warning: holds nothing: expected documents of {kind, spec}",
      'statewire: a.yaml:9:24: warning: spec.targets[0].function is "flight/airport", which no ' +
        "endpoint's functions cover: the ingress waits until a function server dials in that serves " +
        "it (an endpoint with dialIn: true says that one will)",
      "",
    ]);
    const json = await statewire(["validate", "a.yaml", "--json"], { files });
    assert.deepEqual([json.exitCode, json.stderr], [0, ""]);
    const [{ message, ...position }] = JSON.parse(json.stdout.toString()).warnings;
    assert.deepEqual(position, { file: "a.yaml", line: 9, column: 24 });
    assert.match(message, /^spec\.targets\[0\]\.function is "flight\/airport"/);
  });

  it("takes functions whose servers dial in", async () => {
    const files = {
      "a.yaml": "kind: statewire.endpoints.v1/grpc\nspec: {functions: a/*, dialIn: true}",
    };
    const { exitCode, stdout } = await statewire(["validate", "a.yaml"], { files });
    assert.equal(exitCode, 0);
    assert.equal(stdout.toString(), "a.yaml: valid\nendpoint of servers that dial in for a/*\n");
  });

  it("exits with 1 for a module that holds nothing", async () => {
    for (const text of ["", "# later\n", "---\n---\n", " \n"]) {
      const { exitCode, stderr } = await statewire(["validate", "a.yaml"], {
        files: { "a.yaml": text },
      });
      assert.equal(exitCode, 1, text);
      assert.equal(
        stderr,
        "statewire: a.yaml: holds nothing: expected documents of {kind, spec}\n",
      );
    }
  });

  it("exits with 1 for files that cannot be read", async () => {
    const { exitCode, stderr } = await statewire(["validate", "no.yaml", "/"]);
    assert.equal(exitCode, 1);
    assert.equal(stderr, "statewire: no.yaml: no such file\nstatewire: /: is a directory\n");
  });
});

describe("statewire run", () => {
  it("logs what is wrong as its log goes: text on a terminal, else JSON, or as --log-format says", async () => {
    const cases: readonly (readonly [string[], boolean, "text" | "json"])[] = [
      [[], true, "text"],
      [[], false, "json"],
      [["--log-format", "text"], false, "text"],
      [["--log-format", "json"], true, "json"],
      [["--json"], true, "text"],
    ];
    for (const [words, isTTY, format] of cases) {
      const wrong: readonly (readonly [string[], number, RegExp])[] = [
        [["--batch-max", "0", "--id-bytes-max", "0"], 2, /^--(batch-max|id-bytes-max): /],
        [[], 1, /^module.yaml: no such file$/],
      ];
      for (const [more, code, message] of wrong) {
        const { exitCode, stdout, stderr } = await statewire(
          ["run", "module.yaml", ...words, ...more],
          { isTTY },
        );
        assert.equal(exitCode, code, stderr);
        assert.equal(stdout.toString(), "");
        const lines = stderr.trimEnd().split("\n");
        assert.equal(lines.length, code);
        for (const line of lines) {
          const text = format === "text" ? line.replace(/^statewire: /, "") : JSON.parse(line).msg;
          assert.match(text, message);
        }
      }
    }
  });

  it("does not start with a module that is wrong", async () => {
    const { exitCode, stderr } = await statewire(["run", "module.yaml"], {
      isTTY: true,
      files: { "module.yaml": "kind: io.statefun.kafka.v1/egress\nspec: {id: a/b}" },
    });
    assert.equal(exitCode, 1);
    assert.equal(
      stderr,
      "statewire: module.yaml:1:7: this version of statewire cannot run io.statefun.kafka.v1/egress a/b\n",
    );
  });

  it("does not start without a secret that the module refers to", async () => {
    const { exitCode, stderr } = await statewire(["run", "module.yaml"], {
      isTTY: true,
      files: { "module.yaml": module },
    });
    assert.equal(exitCode, 1);
    assert.equal(
      stderr,
      "statewire: header authorization of egress flights/alerts: ${TOKEN}: environment variable TOKEN is not set\n",
    );
  });
});
