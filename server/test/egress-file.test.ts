/*
 * Goal: a file holds each record exactly once, whatever a crashed run left in it. Method: real
 * files; a crash is a sink that is dropped after a write whose acknowledgement was lost.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import {
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import type { OutboxRecord } from "../src/core/outbox.js";
import type { Sink } from "../src/egress/sink.js";
import { createFileSink } from "../src/egress/sinks/file-sink.js";
import type { RecordFormat } from "../src/module/module.js";
import { templateOf } from "./support/file-ingress-spec.js";
import { outboxRecord, outboxRecords } from "./support/outbox-records.js";

const start = { sequence: 0, position: 0 };

/** Resolves when a sink has stopped for that reason. */
async function stopped(sink: Sink, reason: string): Promise<void> {
  while (sink.status?.().reason !== reason) await turn();
  assert.equal(sink.status?.().state, "stopped");
}

describe("file sink", function () {
  this.timeout(20_000);

  let directory: string;
  let path: string;
  const sinks: Sink[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "statewire-egress-"));
    path = join(directory, "out", "records.ndjson");
  });

  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.close()));
    await rm(directory, { recursive: true });
  });

  function createSink(format: RecordFormat = { kind: "ndjson" }, isFork = false): Sink {
    const source = { file: "module.yaml", line: 1, column: 1 };
    const spec = {
      kind: "statewire.file.v1/egress",
      waitFor: "local" as const,
      source,
      id: "test/out",
      path,
      format,
    } as const;
    const sink = createFileSink(spec, pino({ level: "silent" }), isFork);
    sinks.push(sink);
    return sink;
  }

  async function contentOf(format: RecordFormat, records: OutboxRecord[]): Promise<string> {
    const sink = createSink(format);
    await sink.open(start);
    await sink.write(records);
    return readFile(path, "utf8");
  }

  async function sequences(): Promise<number[]> {
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line).sequence);
  }

  it("appends a line per record, and gives the length as position", async () => {
    const sink = createSink();
    await sink.open(start);
    const first = await sink.write(outboxRecords(1, 2));
    const text = '{"sequence":1,"typename":"test/record","value":{"n":1}}\n';
    assert.equal(await readFile(path, "utf8"), text + text.replaceAll("1", "2"));
    assert.equal(first, text.length * 2);
    assert.equal(await sink.write(outboxRecords(3, 3)), text.length * 3);
    assert.deepEqual(await sequences(), [1, 2, 3]);
  });

  it("makes the file and its folders when it is opened", async () => {
    const sink = createSink();
    await sink.open(start);
    assert.equal(await readFile(path, "utf8"), "");
    await sink.close();
    const next = createSink();
    await next.open(start);
    await next.write(outboxRecords(1, 1));
    assert.deepEqual(await sequences(), [1]);
    assert.deepEqual(await readdir(dirname(path)), [basename(path)]);
  });

  it("fails at the opening, and does not try for ever, where there can be no file", async () => {
    path = join(directory, "file");
    await writeFile(path, "");
    path = join(path, "below", "out");
    await assert.rejects(createSink().open(start), { code: "ENOTDIR" });
    if (existsSync("/proc/self")) {
      path = "/proc/statewire/out";
      await assert.rejects(createSink().open(start), { code: "ENOENT" });
    }
  });

  it("cuts back what a crashed run wrote beyond the acknowledged position", async () => {
    const crashed = createSink();
    await crashed.open(start);
    const position = await crashed.write(outboxRecords(1, 3));
    await crashed.write(outboxRecords(4, 6));
    const restarted = createSink();
    await restarted.open({ sequence: 3, position });
    assert.deepEqual(await sequences(), [1, 2, 3]);
    await restarted.write(outboxRecords(4, 7));
    assert.deepEqual(await sequences(), [1, 2, 3, 4, 5, 6, 7]);
  });

  it("cuts back half a record", async () => {
    const crashed = createSink();
    await crashed.open(start);
    const position = await crashed.write(outboxRecords(1, 1));
    const after = await crashed.write(outboxRecords(2, 2));
    await truncate(path, after - 7);
    const restarted = createSink();
    await restarted.open({ sequence: 1, position });
    await restarted.write(outboxRecords(2, 2));
    assert.deepEqual(await sequences(), [1, 2]);
  });

  it("a crash before the first acknowledgement leaves no record twice", async () => {
    const crashed = createSink();
    await crashed.open(start);
    await crashed.write(outboxRecords(1, 2));
    const restarted = createSink();
    await restarted.open(start);
    await restarted.write(outboxRecords(1, 3));
    assert.deepEqual(await sequences(), [1, 2, 3]);
  });

  it("a file that is there before the first record is kept under another name", async () => {
    path = join(directory, "mine.txt");
    await writeFile(path, "precious");
    await writeFile(`${path}.1`, "older");
    const sink = createSink();
    await sink.open(start);
    await sink.write(outboxRecords(1, 1));
    assert.deepEqual(await sequences(), [1]);
    assert.equal(await readFile(`${path}.2`, "utf8"), "precious");
    assert.equal(await readFile(`${path}.1`, "utf8"), "older");
  });

  it("goes on in a file that is as it was left", async () => {
    const first = createSink();
    await first.open(start);
    const position = await first.write(outboxRecords(1, 2));
    const second = createSink();
    await second.open({ sequence: 2, position });
    await second.write(outboxRecords(3, 3));
    assert.deepEqual(await sequences(), [1, 2, 3]);
  });

  it("stops at a file that is shorter than its position, with both numbers", async () => {
    path = join(directory, "short");
    await writeFile(path, "12345");
    const sink = createSink();
    await sink.open({ sequence: 9, position: 100 });
    const reason = `${path} is 5 bytes long, but its egress wrote 100 bytes`;
    assert.deepEqual(sink.status?.(), { state: "stopped", reason });
    assert.equal(await readFile(path, "utf8"), "12345");
  });

  it("stops at what is no file any more; one that never was one cannot be opened", async () => {
    path = directory;
    const sink = createSink();
    await sink.open({ sequence: 9, position: 100 });
    const reason = `${path} is not a regular file`;
    assert.deepEqual(sink.status?.(), { state: "stopped", reason });
    await assert.rejects(createSink().open(start), /is not a regular file/);
  });

  it("goes on by itself when a file that was gone at the start is put back", async () => {
    const first = createSink();
    await first.open(start);
    const position = await first.write(outboxRecords(1, 2));
    await first.close();
    await rename(path, `${path}.old`);
    const second = createSink();
    await second.open({ sequence: 2, position });
    const reason = `${path} does not exist, but its egress wrote ${position} bytes into it`;
    assert.deepEqual(second.status?.(), { state: "stopped", reason });
    const written = second.write(outboxRecords(3, 3));
    await rename(`${path}.old`, path);
    await written;
    assert.deepEqual(second.status?.(), { state: "running", reason: "" });
    assert.deepEqual(await sequences(), [1, 2, 3]);
  });

  it("leaves a file alone that was moved away, and goes on when it is back", async () => {
    const sink = createSink();
    await sink.open(start);
    const length = await sink.write(outboxRecords(1, 1));
    await rename(path, `${path}.old`);
    const written = sink.write(outboxRecords(2, 2));
    const reason = `${path} does not exist, but its egress wrote ${length} bytes into it`;
    await stopped(sink, reason);
    assert.equal((await readFile(`${path}.old`)).length, length);
    // A copy is as good: the file of the path counts, not the one that was open.
    await copyFile(`${path}.old`, path);
    await written;
    assert.deepEqual(await sequences(), [1, 2]);
    assert.equal((await readFile(`${path}.old`)).length, length);
  });

  it("writes nothing into a file that somebody else has changed", async () => {
    const sink = createSink();
    await sink.open(start);
    const length = await sink.write(outboxRecords(1, 1));
    const content = await readFile(path, "utf8");
    await writeFile(path, "x");
    const written = sink.write(outboxRecords(2, 2));
    await stopped(sink, `${path} is 1 bytes long, but its egress wrote ${length} bytes`);
    await writeFile(path, `${content}of somebody else`);
    await stopped(
      sink,
      `${path} is ${length + 16} bytes long, but its egress wrote ${length} bytes`,
    );
    assert.equal(await readFile(path, "utf8"), `${content}of somebody else`);
    await writeFile(path, content);
    await written;
    assert.deepEqual(await sequences(), [1, 2]);
  });

  it("a fork leaves a file alone that it did not write, and takes one of its own", async () => {
    const original = createSink();
    await original.open(start);
    const forkStart = { sequence: 1, position: 0 };
    const fork = createSink({ kind: "ndjson" }, true);
    const reason =
      `${path} is there, and this node is a fork that did not write it: ` +
      "give the egress another path in the fork's module, or move the file away";
    await fork.open(forkStart);
    assert.deepEqual(fork.status?.(), { state: "stopped", reason });
    await original.write(outboxRecords(1, 2));
    assert.deepEqual(await sequences(), [1, 2]);
    await fork.close();
    path = join(directory, "fork.ndjson");
    await createSink({ kind: "ndjson" }, true).open(forkStart);
    const restarted = createSink({ kind: "ndjson" }, true);
    await restarted.open(forkStart);
    const position = await restarted.write(outboxRecords(2, 3));
    await restarted.write(outboxRecords(4, 4));
    const again = createSink({ kind: "ndjson" }, true);
    await again.open({ sequence: 3, position });
    await again.write(outboxRecords(4, 5));
    assert.deepEqual(await sequences(), [2, 3, 4, 5]);
  });

  it("closing ends the wait for a file", async () => {
    const sink = createSink();
    await sink.open({ sequence: 9, position: 100 });
    const written = sink.write(outboxRecords(10, 10));
    await sink.close();
    await assert.rejects(written, { name: "AbortError" });
    assert.equal(existsSync(path), false);
  });

  it("raw writes values as they are, built-in ones as text", async () => {
    const raw = { kind: "raw", separator: ";" } as const;
    const records = [
      outboxRecord(1, "text"),
      outboxRecord(2, '{"a": 1}'),
      outboxRecord(3, Buffer.from("0a026869", "hex"), "io.statefun.types/string"),
      outboxRecord(4, Buffer.from("0d07000000", "hex"), "io.statefun.types/int"),
      outboxRecord(5, null),
      outboxRecord(6, "grün"),
    ];
    assert.equal(await contentOf(raw, records), 'text;{"a": 1};hi;7;;grün;');
  });

  it("a template has the record's fields; one that is missing is empty", async () => {
    const text =
      "{sequence} {typename} {source.type}/{source.id} {value.a.b} {value.list} {value.no}|";
    const template = { kind: "template", template: templateOf(text) } as const;
    const records = [
      outboxRecord(1, '{"a":{"b":12345678901234567890},"list":[1,12345678901234567890]}'),
      outboxRecord(2, null),
    ];
    assert.equal(
      await contentOf(template, records),
      '1 test/record test/source/id-1 12345678901234567890 [1,"12345678901234567890"] |\n' +
        "2 test/record test/source/id-2   |\n",
    );
  });

  it("100,000 records in batches of 1,000 take seconds, not minutes", async function () {
    this.timeout(20_000);
    const sink = createSink();
    await sink.open(start);
    for (let first = 1; first < 100_000; first += 1000) {
      await sink.write(outboxRecords(first, first + 999));
    }
    const found = await sequences();
    assert.equal(found.length, 100_000);
    assert.ok(found.every((sequence, index) => sequence === index + 1));
  });
});
