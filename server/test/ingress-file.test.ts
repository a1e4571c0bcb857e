/*
 * Goal: every record of a file reaches each of its targets exactly once, and what cannot be read is
 * named by file, line and reason. Method: real files; a node that keeps messages by the rules of
 * the ingress port, and dies where a test wants it to.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import {
  createFileIngress,
  type FileIngress,
  type FileIngressEnd,
  type FileIngressOptions,
} from "../src/ingress/file/file-ingress.js";
import { toPlace, toSequence } from "../src/ingress/file/file-sequence.js";
import type { FileIngressSpec } from "../src/module/module.js";
import { csvFormat, fileIngressSpec, targetOf } from "./support/file-ingress-spec.js";
import { type LoggedMessage, MessageLogNode } from "./support/message-log-node.js";

const limits = { idBytesMax: 100, valueBytesMax: 1000 };

describe("file ingress", () => {
  let directory: string;
  let path: string;
  let logged: Record<string, unknown>[];
  const ingresses: FileIngress[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "statewire-ingress-"));
    path = join(directory, "records");
    logged = [];
  });

  afterEach(async () => {
    await Promise.all(ingresses.splice(0).map((ingress) => ingress.close()));
    await rm(directory, { recursive: true });
  });

  function open(
    node: MessageLogNode,
    spec: Partial<FileIngressSpec> = {},
    window: Pick<FileIngressOptions, "outstandingMax" | "outstandingBytesMax"> = {},
  ) {
    const logger = pino({ level: "debug" }, { write: (line) => logged.push(JSON.parse(line)) });
    const ingress = createFileIngress({
      spec: fileIngressSpec({ path, ...spec }),
      port: node.port,
      logger,
      limits,
      outstandingMax: 64,
      ...window,
      recordBytesMax: 200_000,
    });
    ingresses.push(ingress);
    return ingress;
  }

  async function run(
    node: MessageLogNode,
    spec: Partial<FileIngressSpec> = {},
  ): Promise<FileIngressEnd> {
    const ingress = open(node, spec);
    ingress.start();
    return ingress.done;
  }

  async function failure(spec: Partial<FileIngressSpec>): Promise<string> {
    const end = await run(new MessageLogNode(), spec);
    assert.equal(end.kind, "failed");
    return end.kind === "failed" ? end.reason : "";
  }

  it("each record becomes one message, with its JSON as the value", async () => {
    await writeFile(path, '{"id":"a","n":1}\n{"id":"b","n":2}\n');
    const node = new MessageLogNode();
    const end = await run(node);
    assert.deepEqual(end, { kind: "done", records: 2, skipped: 0 });
    assert.deepEqual(
      node.durable.map(({ typeName, id, typename, text }) => [typeName, id, typename, text]),
      [
        ["test/sink", "a", "test/record", '{"id":"a","n":1}'],
        ["test/sink", "b", "test/record", '{"id":"b","n":2}'],
      ],
    );
  });

  it("a record goes to each target, with ids from templates and values from fields", async () => {
    const record = { from: { code: "SFO" }, to: "LAX", kind: "air", delay: -7, big: 0 };
    const json = JSON.stringify(record).replace('"big":0', '"big":9007199254740993');
    await writeFile(path, `[${json}]`);
    const node = new MessageLogNode();
    await run(node, {
      format: { kind: "json" },
      targets: [
        targetOf("test/route", "{from.code}-{to}"),
        targetOf("test/{kind}", "{big}", { field: "delay", type: "io.statefun.types/int" }),
        targetOf("test/part", "x", { field: "from" }),
        targetOf("test/text", "{to}", { text: "{to} {delay}", type: "io.statefun.types/string" }),
        targetOf("test/long", "{{}}", { field: "big", type: "io.statefun.types/long" }),
      ],
    });
    assert.deepEqual(
      node.durable.map(({ typeName, id, bytes }) => [
        typeName,
        id,
        Buffer.from(bytes ?? []).toString("latin1"),
      ]),
      [
        ["test/route", "SFO-LAX", json],
        ["test/air", "9007199254740993", "\x0d\xf9\xff\xff\xff"],
        ["test/part", "x", '{"code":"SFO"}'],
        ["test/text", "LAX", "\x0a\x06LAX -7"],
        ["test/long", "{}", "\x09\x01\x00\x00\x00\x00\x00\x20\x00"],
      ],
    );
  });

  it("a column of CSV may be a number", async () => {
    await writeFile(path, "id,delay\nx, 12\n");
    const node = new MessageLogNode();
    const type = "io.statefun.types/long";
    await run(node, {
      format: csvFormat,
      targets: [targetOf("test/sink", "{id}", { field: "delay", type })],
    });
    assert.equal(Buffer.from(node.durable[0]?.bytes ?? []).toString("hex"), "090c00000000000000");
  });

  it("an empty file of lines is done at once, an empty array file is an error", async () => {
    await writeFile(path, "");
    assert.deepEqual(await run(new MessageLogNode()), { kind: "done", records: 0, skipped: 0 });
    const end = await run(new MessageLogNode(), { format: csvFormat });
    assert.deepEqual(end, { kind: "done", records: 0, skipped: 0 });
    assert.match(await failure({ format: { kind: "json" } }), /records line 1: nothing here/);
  });

  it("a byte order mark is not part of the first record", async () => {
    const node = new MessageLogNode();
    const targets = [targetOf("test/sink", "{a}")];
    await writeFile(path, '\ufeff{"a":"1"}\n');
    await run(node, { id: "test/1", targets });
    await writeFile(path, '\ufeff[{"a":"2"}]');
    await run(new MessageLogNode(), { id: "test/2", format: { kind: "json" }, targets });
    await writeFile(path, "\ufeffa\n3\n");
    const last = new MessageLogNode();
    await run(last, { id: "test/3", format: csvFormat, targets });
    assert.deepEqual([node.durable[0]?.text, last.durable[0]?.text], ['{"a":"1"}', '{"a":"3"}']);
  });

  it("a file in UTF-16 is refused by name", async () => {
    await writeFile(path, "\ufeff{}\n", "utf16le");
    assert.match(await failure({}), /records is UTF-16: expected UTF-8/);
  });

  it("a missing file and a directory are errors", async () => {
    assert.match(await failure({}), /no such file.*records/);
    assert.match(await failure({ path: directory }), /is not a regular file/);
  });

  describe("after a crash", () => {
    const targets = [
      targetOf("test/first", "{id}"),
      targetOf("test/second", "{id}"),
      targetOf("test/third", "{id}"),
    ];
    const rows = Array.from({ length: 12 }, (_, index) => ({ id: `ä${index}`, t: 'x\r\n,"' }));
    const formats = [
      {
        format: { kind: "ndjson" } as const,
        text: rows.map((row) => `${JSON.stringify(row)}\r\n`).join(""),
      },
      {
        format: { kind: "json" } as const,
        text: `\ufeff[\n${rows.map((row) => JSON.stringify(row)).join(" ,\n")}]`,
      },
      {
        format: csvFormat,
        text: `id,t\n${rows.map(({ id, t }) => `${id},"${t.replace('"', '""')}"\n`).join("")}`,
      },
    ];

    for (const { format, text } of formats) {
      it(`${format.kind}: a crash between any two messages neither loses nor doubles one`, async () => {
        await writeFile(path, text);
        const whole = new MessageLogNode();
        await run(whole, { format, targets });
        assert.equal(whole.durable.length, 36);
        for (let crash = 1; crash < 36; crash++) {
          const first = new MessageLogNode({ messagesUntilCrash: crash, epochMessagesMax: 5 });
          open(first, { format, targets }).start();
          await first.crashed;
          const second = new MessageLogNode({ history: first.durable });
          await run(second, { format, targets });
          assert.deepEqual(second.durable, whole.durable, `crash after ${crash}`);
          assert.equal(second.duplicates, 0);
        }
      });
    }

    it("a finished file has nothing more to send, until it grows", async () => {
      await writeFile(path, '{"id":1}\n{"id":2}\n');
      const first = new MessageLogNode();
      await run(first);
      const second = new MessageLogNode({ history: first.durable });
      const end = await run(second);
      assert.deepEqual(end, { kind: "done", records: 0, skipped: 0 });
      await writeFile(path, '{"id":1}\n{"id":2}\n{"id":3}\n');
      const third = new MessageLogNode({ history: second.durable });
      await run(third);
      assert.deepEqual(
        third.durable.map(({ id }) => id),
        ["1", "2", "3"],
      );
    });

    it("a file that is shorter now is an error with both numbers", async () => {
      await writeFile(path, '{"id":1}\n{"id":2}\n');
      const first = new MessageLogNode();
      await run(first);
      await writeFile(path, '{"id"');
      const end = await run(new MessageLogNode({ history: first.durable }));
      assert.match(end.kind === "failed" ? end.reason : "", /5 bytes long.* up to 9 bytes/);
    });

    it("a file with other content is an error", async () => {
      await writeFile(path, '{"id":1}\n{"id":2}\n');
      const first = new MessageLogNode();
      await run(first);
      await writeFile(path, '{"id":100000000}\n{"id":2}\n');
      const end = await run(new MessageLogNode({ history: first.durable }));
      assert.match(end.kind === "failed" ? end.reason : "", /no record begins at byte 9 any more/);
    });
  });

  describe("a record that cannot be used", () => {
    const bad: readonly (readonly [string, string, RegExp])[] = [
      ["malformed JSON", '{"id":', /line 3: not valid JSON/],
      ["a missing field", "{}", /line 3: no text or number in field id, which id needs/],
      ["an object as id", '{"id":{}}', /line 3: no text or number in field id/],
      [
        "an id that is too long",
        `{"id":"${"x".repeat(101)}"}`,
        /line 3: id of 101 bytes exceeds idBytesMax 100/,
      ],
      [
        "a value that is too large",
        `{"id":1,"x":"${"x".repeat(1000)}"}`,
        /line 3: value of \d+ bytes exceeds valueBytesMax 1000/,
      ],
    ];
    for (const [name, line, reason] of bad) {
      const text = `{"id":1}\n\n${line}\n{"id":2}\n`;

      it(`${name}: fail names file, line and reason, after the records before it`, async () => {
        await writeFile(path, text);
        const node = new MessageLogNode();
        const end = await run(node);
        assert.match(end.kind === "failed" ? end.reason : "", reason);
        assert.ok(end.kind === "failed" && end.reason.startsWith(path));
        assert.deepEqual(
          node.durable.map(({ id }) => id),
          ["1"],
        );
      });

      it(`${name}: skip passes it over, counts and logs it`, async () => {
        await writeFile(path, text);
        const node = new MessageLogNode();
        const end = await run(node, { invalidRecords: "skip" });
        assert.deepEqual(end, { kind: "done", records: 2, skipped: 1 });
        assert.deepEqual(
          node.durable.map(({ id }) => id),
          ["1", "2"],
        );
        assert.equal(logged.find(({ msg }) => msg === "record skipped")?.["line"], 3);
      });
    }

    it("a value of the wrong type is named with what was expected", async () => {
      await writeFile(path, '{"id":1,"n":"x"}\n');
      const type = "io.statefun.types/long";
      const targets = [targetOf("test/sink", "{id}", { field: "n", type })];
      assert.match(await failure({ targets }), /line 1: n is "x": expected an integer of 64 bits/);
      await writeFile(path, '{"id":1}\n');
      assert.match(await failure({ targets }), /line 1: no field n/);
    });

    it("a function type from a record is checked", async () => {
      await writeFile(path, '{"id":1,"f":"a/b/c"}\n');
      const targets = [targetOf("test/{f}", "{id}")];
      assert.match(await failure({ targets }), /function "test\/a\/b\/c" is not namespace\/type/);
    });

    it("a record that fails for one target goes to none", async () => {
      await writeFile(path, '{"a":1}\n');
      const node = new MessageLogNode();
      await run(node, { targets: [targetOf("test/a", "{a}"), targetOf("test/b", "{b}")] });
      assert.equal(node.durable.length, 0);
    });

    it("a malformed array ends the ingress even with skip", async () => {
      await writeFile(path, '[{"id":1},\n{"id":2}\n{"id":3}]');
      const node = new MessageLogNode();
      const end = await run(node, { format: { kind: "json" }, invalidRecords: "skip" });
      assert.match(
        end.kind === "failed" ? end.reason : "",
        /line 3: not valid JSON: expected "," or "\]"/,
      );
      assert.deepEqual(
        node.durable.map(({ id }) => id),
        ["1"],
      );
    });

    it("a line without end is an error before it fills the memory", async () => {
      await writeFile(path, `{"id":1}\n"${"x".repeat(400_000)}`);
      assert.match(await failure({}), /line 2: .* exceeds recordBytesMax 200000/);
    });

    it("the line is right after a restart, too", async () => {
      await writeFile(path, 'id\n"1\n1"\n2\n');
      const first = new MessageLogNode();
      await run(first, { format: csvFormat });
      await writeFile(path, 'id\n"1\n1"\n2\nx,y\n');
      const end = await run(new MessageLogNode({ history: first.durable }), { format: csvFormat });
      assert.match(
        end.kind === "failed" ? end.reason : "",
        /line 5: 2 columns where the header has 1/,
      );
    });
  });

  describe("flow control", () => {
    const lines = Array.from({ length: 500 }, (_, id) => `{"id":${id}}\n`).join("");

    it("no more messages than the limit wait for their epoch", async () => {
      await writeFile(path, lines);
      const node = new MessageLogNode({ epochMessagesMax: 3 });
      const ingress = open(node, {}, { outstandingMax: 10 });
      ingress.start();
      await ingress.done;
      assert.equal(node.outstandingMax, 10);
      assert.equal(node.durable.length, 500);
    });

    it("nor more bytes than the limit, except of one message", async () => {
      const line = `{"id":1,"text":"${"x".repeat(900)}"}\n`;
      await writeFile(path, line.repeat(100));
      for (const { outstandingBytesMax, messages } of [
        { outstandingBytesMax: 4000, messages: 5 },
        { outstandingBytesMax: 1, messages: 1 },
      ]) {
        const node = new MessageLogNode({ epochMessagesMax: 100 });
        const ingress = open(node, {}, { outstandingBytesMax });
        ingress.start();
        await ingress.done;
        assert.equal(node.outstandingMax, messages);
        assert.equal(node.durable.length, 100);
      }
    });

    it("nothing is sent while the node does not accept", async () => {
      await writeFile(path, lines);
      const node = new MessageLogNode();
      node.requests.setAccepting(false);
      const ingress = open(node);
      ingress.start();
      await until(() => ingress.status().reason === "the node takes no more messages now");
      assert.equal(ingress.status().state, "waiting");
      assert.equal(node.durable.length, 0);
      node.requests.setAccepting(true);
      assert.equal((await ingress.done).kind, "done");
      assert.equal(node.durable.length, 500);
    });

    it("an unknown function type is waited for, and nothing overtakes", async () => {
      await writeFile(path, lines);
      const node = new MessageLogNode();
      node.unknownTypes.add("test/sink");
      const ingress = open(node);
      ingress.start();
      await until(() => ingress.status().reason.startsWith("unknown function type test/sink"));
      node.unknownTypes.clear();
      assert.equal((await ingress.done).kind, "done");
      assert.deepEqual(
        node.durable.map(({ id }) => id),
        Array.from({ length: 500 }, (_, id) => String(id)),
      );
    });

    it("with skip, an unknown type that a record names is the record's fault", async () => {
      await writeFile(path, '{"id":1,"f":"a"}\n{"id":2,"f":"nope"}\n{"id":3,"f":"a"}\n');
      const node = new MessageLogNode();
      node.unknownTypes.add("test/nope");
      const targets = [targetOf("test/{f}", "{id}")];
      const end = await run(node, { targets, invalidRecords: "skip" });
      assert.deepEqual(end, { kind: "done", records: 2, skipped: 1 });
    });

    it("closing ends it at once, though answers are missing", async () => {
      await writeFile(path, lines);
      const node = new MessageLogNode();
      node.hold();
      const ingress = open(node);
      ingress.start();
      await node.change();
      await ingress.close();
      assert.deepEqual(await ingress.done, { kind: "closed" });
    });

    it("the status follows the durable position to the end of the file", async () => {
      await writeFile(path, lines);
      const node = new MessageLogNode({ epochMessagesMax: 7 });
      const ingress = open(node);
      assert.equal(ingress.status().state, "waiting");
      ingress.start();
      let last = 0;
      while (node.durable.length < 500) {
        await node.change();
        const { position } = ingress.status();
        assert.ok(position >= last);
        assert.ok(position <= durableEnd(node.durable));
        last = position;
      }
      await ingress.done;
      assert.deepEqual(ingress.status(), {
        name: "test/file",
        kind: "statewire.file.v1/ingress",
        position: lines.length,
        total: lines.length,
        records: 500,
        skipped: 0,
        state: "done",
        reason: "",
      });
    });
  });

  it("100,000 records pass in bounded time and memory", async function () {
    this.timeout(30_000);
    const lines = Array.from(
      { length: 100_000 },
      (_, id) => `{"id":"${id % 1000}","delay":${id % 90},"origin":"SFO","destination":"LAX"}\n`,
    );
    await writeFile(path, lines.join(""));
    const node = new MessageLogNode({ epochMessagesMax: 2000 });
    const ingress = open(node, {}, { outstandingMax: 1024 });
    ingress.start();
    await ingress.done;
    assert.equal(node.durable.length, 100_000);
    assert.ok(node.outstandingMax <= 1024);
  });
});

describe("file sequences", () => {
  it("rise with the file and the targets, and give the place back", () => {
    const places = [
      { start: 0, target: 0 },
      { start: 0, target: 63 },
      { start: 1, target: 0 },
      { start: 2 ** 46, target: 63 },
    ];
    let last = 0;
    for (const place of places) {
      const sequence = toSequence(place);
      assert.ok(Number.isSafeInteger(sequence) && sequence > last);
      assert.deepEqual(toPlace(sequence), place);
      last = sequence;
    }
    assert.equal(toPlace(0), null);
  });
});

/** Where the last durable message's record begins, plus the most that a line has. */
function durableEnd(durable: readonly LoggedMessage[]): number {
  return (toPlace(durable.at(-1)?.sequence ?? 0)?.start ?? 0) + '{"id":499}\n'.length;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
