import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { createStdoutSink } from "../src/egress/sinks/stdout-sink.js";
import { outboxRecord, outboxRecords } from "./support/outbox-records.js";

const spec = {
  kind: "statewire.stdout.v1/egress",
  waitFor: "local" as const,
  source: { file: "module.yaml", line: 1, column: 1 },
  id: "test/out",
  format: { kind: "ndjson" },
} as const;

describe("stdout sink", () => {
  it("prints a line of JSON per record", async () => {
    const output = new PassThrough();
    const sink = createStdoutSink(spec, output);
    await sink.open({ sequence: 0, position: 0 });
    assert.equal(await sink.write(outboxRecords(1, 2)), 2);
    await sink.write([outboxRecord(3, Buffer.from([0xff]), "test/bytes")]);
    await sink.close();
    assert.equal(
      output.read().toString(),
      '{"sequence":1,"typename":"test/record","value":{"n":1}}\n' +
        '{"sequence":2,"typename":"test/record","value":{"n":2}}\n' +
        '{"sequence":3,"typename":"test/bytes","base64":"/w=="}\n',
    );
  });

  it("a write resolves when the output has taken it", async () => {
    const waiting: (() => void)[] = [];
    const output = new Writable({ write: (_chunk, _encoding, done) => waiting.push(done) });
    const sink = createStdoutSink(spec, output);
    let isWritten = false;
    const written = sink.write(outboxRecords(1, 1)).then(() => {
      isWritten = true;
    });
    await new Promise(setImmediate);
    assert.equal(isWritten, false);
    waiting[0]?.();
    await written;
  });

  it("an output that nobody reads any more is an error", async () => {
    const output = new PassThrough();
    output.destroy();
    const sink = createStdoutSink(spec, output);
    await assert.rejects(sink.write(outboxRecords(1, 1)), /standard output is closed/);
  });
});
