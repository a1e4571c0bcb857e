import assert from "node:assert/strict";
import { formatProblem, ModuleError } from "../module-problem.js";
import { parseModule } from "../parse-module.js";

// Goal: every field of StateFun's Kafka and Kinesis kinds, with its default, and what is wrong with one.

function parse(kind: string, spec: string) {
  const text = `kind: io.statefun.${kind}\nspec: {id: a/b, ${spec}}`;
  const { module, warnings } = parseModule([{ file: "m.yaml", text }]);
  const [{ source, ...connector } = assert.fail("no connector")] = module.connectors;
  assert.deepEqual(source, { file: "m.yaml", line: 1, column: 7 });
  assert.deepEqual(warnings.map(formatProblem), [
    `m.yaml:1:7: io.statefun.${kind} a/b is valid, and this version of statewire cannot run it`,
  ]);
  return connector;
}

function problemOf(kind: string, spec: string): string {
  try {
    parse(kind, spec);
  } catch (error) {
    if (error instanceof ModuleError) return error.problems.map(formatProblem).join("\n");
    throw error;
  }
  return "";
}

const topics = "topics: [{topic: t, valueType: x/y, targets: [c/d]}]";
const streams = "streams: [{stream: s, valueType: x/y, targets: [c/d, c/e]}]";

describe("StateFun's Kafka kinds", () => {
  it("sharp edge 14: have the defaults of its code", () => {
    assert.deepEqual(parse("kafka.v1/ingress", topics), {
      kind: "io.statefun.kafka.v1/ingress",
      id: "a/b",
      address: null,
      consumerGroupId: null,
      topics: [{ name: "t", valueType: "x/y", targets: ["c/d"] }],
      startupPosition: { kind: "latest" },
      autoOffsetResetPosition: "latest",
      properties: new Map(),
    });
    assert.deepEqual(parse("kafka.v1/egress", ""), {
      kind: "io.statefun.kafka.v1/egress",
      id: "a/b",
      address: null,
      deliverySemantic: { kind: "at-least-once" },
      properties: new Map(),
    });
  });

  it("have every field", () => {
    const spec = `address: "k:9092", consumerGroupId: g, autoOffsetResetPosition: earliest, ${topics},
      startupPosition: {type: specific-offsets, offsets: [{t/0: 91}, {t/1: 8}]},
      properties: [{a.b: c}, {"max.poll": 7}, {ssl: true}]`;
    assert.deepEqual(parse("kafka.v1/ingress", spec), {
      kind: "io.statefun.kafka.v1/ingress",
      id: "a/b",
      address: "k:9092",
      consumerGroupId: "g",
      topics: [{ name: "t", valueType: "x/y", targets: ["c/d"] }],
      startupPosition: {
        kind: "specific-offsets",
        offsets: [
          { topic: "t", partition: 0, offset: 91 },
          { topic: "t", partition: 1, offset: 8 },
        ],
      },
      autoOffsetResetPosition: "earliest",
      properties: new Map([
        ["a.b", "c"],
        ["max.poll", "7"],
        ["ssl", "true"],
      ]),
    });
  });

  it("may start at a date", () => {
    const spec = `${topics}, startupPosition: {type: date, date: "2026-01-31 13:00:00.500 +0100"}`;
    const dateMs = Date.UTC(2026, 0, 31, 12, 0, 0, 500);
    const { startupPosition } = parse("kafka.v1/ingress", spec) as { startupPosition?: unknown };
    assert.deepEqual(startupPosition, { kind: "date", dateMs });
  });

  it("take the older transactionTimeoutMillis before transactionTimeout", () => {
    const semantic = (written: string) =>
      (parse("kafka.v1/egress", `deliverySemantic: {${written}}`) as { deliverySemantic?: unknown })
        .deliverySemantic;
    const exactly = (transactionTimeoutMs: number) => ({
      kind: "exactly-once",
      transactionTimeoutMs,
    });
    assert.deepEqual(semantic("type: none"), { kind: "none" });
    assert.deepEqual(semantic("type: exactly-once, transactionTimeout: 15min"), exactly(900_000));
    const both = "transactionTimeout: 1s, transactionTimeoutMillis: 100000";
    assert.deepEqual(semantic(`type: exactly-once, ${both}`), exactly(100_000));
  });

  const wrong: readonly (readonly [string, string, string, RegExp])[] = [
    [
      "no topics",
      "kafka.v1/ingress",
      "",
      /spec.topics is missing: expected a list of {topic, valueType, targets}/,
    ],
    ["an empty list of topics", "kafka.v1/ingress", "topics: []", /spec.topics is an empty list/],
    [
      "a topic twice",
      "kafka.v1/ingress",
      "topics: [{topic: t, valueType: x/y, targets: [c/d]}, {topic: t, valueType: x/y, targets: [c/d]}]",
      /spec.topics\[1\].topic is "t" for the second time/,
    ],
    [
      "a target that is none",
      "kafka.v1/ingress",
      "topics: [{topic: t, valueType: x/y, targets: [c]}]",
      /spec.topics\[0\].targets\[0\] is "c": expected "namespace\/type"/,
    ],
    [
      "a position that is none",
      "kafka.v1/ingress",
      `${topics}, startupPosition: {type: middle}`,
      /spec.startupPosition.*has a type that is "middle": expected group-offsets, earliest, latest, specific-offsets or date/,
    ],
    [
      "an offset that is none",
      "kafka.v1/ingress",
      `${topics}, startupPosition: {type: specific-offsets, offsets: [{t: 1}]}`,
      /offsets\[0\].*expected an object such as {"topic\/0": 91}/,
    ],
    [
      "a date that is none",
      "kafka.v1/ingress",
      `${topics}, startupPosition: {type: date, date: today}`,
      /startupPosition.date is "today": expected a date such as/,
    ],
    [
      "exactly-once without a time-out",
      "kafka.v1/egress",
      "deliverySemantic: {type: exactly-once}",
      /spec.deliverySemantic.transactionTimeout is missing/,
    ],
    [
      "properties that are no list",
      "kafka.v1/egress",
      "properties: {a: b}",
      /spec.properties.*expected a list of objects with one key/,
    ],
  ];
  for (const [what, kind, spec, message] of wrong) {
    it(`are refused with ${what}`, () => assert.match(problemOf(kind, spec), message));
  }

  it("are refused without showing what may be a secret", () => {
    const problem = problemOf("kafka.v1/egress", "properties: [{a: {password: hunter2}}]");
    assert.match(problem, /spec.properties\[0\] is not valid: expected an object with one key/);
    assert.doesNotMatch(problem, /hunter2/);
  });
});

describe("StateFun's Kinesis kinds", () => {
  it("have the defaults of its code", () => {
    assert.deepEqual(parse("kinesis.v1/ingress", streams), {
      kind: "io.statefun.kinesis.v1/ingress",
      id: "a/b",
      awsRegion: { kind: "default" },
      awsCredentials: { kind: "default" },
      startupPosition: { kind: "latest" },
      streams: [{ name: "s", valueType: "x/y", targets: ["c/d", "c/e"] }],
      properties: new Map(),
    });
    assert.deepEqual(parse("kinesis.v1/egress", ""), {
      kind: "io.statefun.kinesis.v1/egress",
      id: "a/b",
      awsRegion: { kind: "default" },
      awsCredentials: { kind: "default" },
      maxOutstandingRecords: 1000,
      properties: new Map(),
    });
  });

  it("have every field", () => {
    const basic = "awsCredentials: {type: basic, accessKeyId: k, secretAccessKey: s}";
    const endpoint = 'awsRegion: {type: custom-endpoint, endpoint: "http://x:1", id: us-west-1}';
    const rest = "maxOutstandingRecords: 5, clientConfigProperties: [{a: 1}]";
    assert.deepEqual(parse("kinesis.v1/egress", `${endpoint}, ${basic}, ${rest}`), {
      kind: "io.statefun.kinesis.v1/egress",
      id: "a/b",
      awsRegion: { kind: "custom-endpoint", endpoint: "http://x:1", id: "us-west-1" },
      awsCredentials: { kind: "basic", accessKeyId: "k", secretAccessKey: "s" },
      maxOutstandingRecords: 5,
      properties: new Map([["a", "1"]]),
    });
    const profile = "awsCredentials: {type: profile, profileName: p}";
    const region = "awsRegion: {type: specific, id: eu}";
    const from = "startupPosition: {type: earliest}";
    assert.deepEqual(parse("kinesis.v1/ingress", `${streams}, ${profile}, ${region}, ${from}`), {
      kind: "io.statefun.kinesis.v1/ingress",
      id: "a/b",
      awsRegion: { kind: "specific", id: "eu" },
      awsCredentials: { kind: "profile", profileName: "p", profilePath: null },
      startupPosition: { kind: "earliest" },
      streams: [{ name: "s", valueType: "x/y", targets: ["c/d", "c/e"] }],
      properties: new Map(),
    });
  });

  it("are refused without showing a secret", () => {
    const basic = "awsCredentials: {type: basic, accessKeyId: k, secretAccessKey: [hunter2]}";
    const problem = problemOf("kinesis.v1/egress", basic);
    assert.match(problem, /spec.awsCredentials.secretAccessKey is not valid: expected a text/);
    assert.doesNotMatch(problem, /hunter2/);
  });

  it("are refused without streams", () => {
    assert.match(problemOf("kinesis.v1/ingress", ""), /spec.streams is missing: expected a list/);
  });
});
