import assert from "node:assert/strict";
import type { Command, InvocationResult, OutgoingRecord } from "../../core/command.js";
import { routeToTopics } from "./topic-router.js";

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const typename = "io.statefun.playground/EgressRecord";
const record = (value: Uint8Array | null, name = typename): OutgoingRecord => ({
  egress: "io.statefun.playground/egress",
  value: { typename: name, value },
});
const other: OutgoingRecord = { egress: "a/b", value: { typename: "a/b", value: utf8("x") } };

function route(...egressRecords: OutgoingRecord[]): InvocationResult {
  const result: InvocationResult = {
    invocation: 7,
    stateChanges: [{ state: 0, value: utf8("x") }],
    sends: [],
    timerChanges: [],
    egressRecords,
    replies: [],
    failure: null,
    refused: null,
  };
  const commands: Command[] = [];
  routeToTopics((command) => commands.push(command))({
    kind: "results",
    session: 1,
    results: [result],
  });
  const [command] = commands;
  assert.ok(command?.kind === "results");
  const [routed] = command.results;
  assert.ok(routed !== undefined);
  return routed;
}

describe("records for the playground's egress", () => {
  it("go to their topics as text, in order, and leave the others alone", () => {
    const first = record(utf8('{"topic":"t","payload":"one"}'));
    const second = record(utf8('{"topic":"u/v","payload":"zwei \\u00fc"}'));
    const { egressRecords, refused, stateChanges } = route(first, other, second);
    const text = (value: string) => ({ typename: "text/plain", value: Buffer.from(value) });
    assert.deepEqual(egressRecords, [
      { egress: "io.statefun.playground/egress/t", value: text("one") },
      other,
      { egress: "io.statefun.playground/egress/u/v", value: text("zwei ü") },
    ]);
    assert.deepEqual([refused, stateChanges.length], [null, 1]);
  });

  it("have a payload that may be a number or a truth value", () => {
    for (const payload of ["1.5", "true"]) {
      const { egressRecords } = route(record(utf8(`{"topic":"t","payload":${payload}}`)));
      assert.equal(Buffer.from(egressRecords[0]?.value.value ?? []).toString(), payload);
    }
  });

  it("pass a result without any as it is", () => {
    const command: Command = { kind: "results", session: 1, results: [] };
    const commands: Command[] = [];
    routeToTopics((each) => commands.push(each))(command);
    assert.equal(commands[0], command);
  });

  const wrong: [string, OutgoingRecord, RegExp][] = [
    ["another typename", record(utf8("{}"), "a/b"), /typename a\/b, expected io.statefun/],
    ["no value", record(null), /expected JSON of {"topic","payload"}/],
    ["no JSON", record(utf8("topic")), /expected JSON/],
    ["no UTF-8", record(Buffer.of(0xff)), /expected JSON/],
    ["null", record(utf8("null")), /expected JSON/],
    ["no topic", record(utf8('{"payload":"x"}')), /expected JSON/],
    ["no payload", record(utf8('{"topic":"t"}')), /expected JSON/],
    ["an object as payload", record(utf8('{"topic":"t","payload":{}}')), /expected JSON/],
    ["null as payload", record(utf8('{"topic":"t","payload":null}')), /expected JSON/],
  ];
  for (const [what, bad, message] of wrong) {
    it(`refuse the whole result when one has ${what}`, () => {
      const { egressRecords, refused, stateChanges } = route(other, bad);
      assert.deepEqual([egressRecords, stateChanges], [[], []]);
      assert.equal(refused?.clause, "EGRESS-1");
      assert.match(refused.message, /^record for io.statefun.playground\/egress: /);
      assert.match(refused.message, message);
    });
  }
});
