/*
 * Goal: with follow, a file is read as it grows, and what loses the meaning of positions is an
 * error. Method: real files, appended to, cut, replaced and removed while the ingress reads them.
 */
import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { createFileIngress, type FileIngress } from "../src/ingress/file/file-ingress.js";
import type { FileIngressSpec } from "../src/module/module.js";
import { csvFormat, fileIngressSpec } from "./support/file-ingress-spec.js";
import { MessageLogNode } from "./support/message-log-node.js";

describe("file ingress with follow", () => {
  let directory: string;
  let path: string;
  let node: MessageLogNode;
  let ingress: FileIngress;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "statewire-follow-"));
    path = join(directory, "records");
    node = new MessageLogNode();
  });

  afterEach(async () => {
    await ingress.close();
    await rm(directory, { recursive: true });
  });

  function start(spec: Partial<FileIngressSpec> = {}): void {
    ingress = createFileIngress({
      spec: fileIngressSpec({ path, follow: true, ...spec }),
      port: node.port,
      logger: pino({ level: "silent" }),
      limits: { idBytesMax: 100, valueBytesMax: 1000 },
    });
    ingress.start();
  }

  async function atEnd(): Promise<void> {
    while (ingress.status().reason !== "at the end of the file") {
      await new Promise(setImmediate);
    }
  }

  async function failure(): Promise<string> {
    const end = await ingress.done;
    return end.kind === "failed" ? end.reason : `not failed but ${end.kind}`;
  }

  const ids = () => node.durable.map(({ id }) => id);

  it("records are read as they are appended", async () => {
    await writeFile(path, '{"id":1}\n');
    start();
    await node.whenDurable(1);
    await atEnd();
    assert.deepEqual([ingress.status().state, ingress.status().position], ["waiting", 9]);
    await appendFile(path, '{"id":2}\n{"id":3}\n');
    await node.whenDurable(3);
    assert.deepEqual(ids(), ["1", "2", "3"]);
  });

  it("a line is a record when its end is written", async () => {
    await writeFile(path, '{"id":1}\n{"id":"ä');
    start();
    await atEnd();
    assert.deepEqual(ids(), ["1"]);
    await appendFile(path, 'b"}');
    await appendFile(path, "\n");
    await node.whenDurable(2);
    assert.deepEqual(ids(), ["1", "äb"]);
  });

  it("the last record of a CSV file does not wait for the next one", async () => {
    await writeFile(path, "");
    start({ format: csvFormat });
    await atEnd();
    await appendFile(path, "id,te");
    await appendFile(path, 'xt\r\n1,"a');
    await appendFile(path, '\n"\r\n');
    await node.whenDurable(1);
    assert.deepEqual(
      node.durable.map(({ text }) => text),
      ['{"id":"1","text":"a\\n"}'],
    );
  });

  it("a file that does not exist yet is waited for", async () => {
    start();
    assert.match(ingress.status().reason, /does not exist yet/);
    await writeFile(path, '{"id":1}\n');
    await node.whenDurable(1);
  });

  it("a file that is cut is an error with both numbers", async () => {
    await writeFile(path, '{"id":1}\n');
    start();
    await atEnd();
    await truncate(path, 4);
    assert.match(await failure(), /records was cut to 4 bytes after 9 bytes of it were read/);
  });

  it("a file that is replaced is an error, after the rest of the old one", async () => {
    await writeFile(path, '{"id":1}\n');
    start();
    await atEnd();
    await appendFile(path, '{"id":2}\n');
    await rename(path, `${path}.1`);
    await writeFile(path, '{"id":3}\n');
    assert.match(await failure(), /was replaced by another file|was moved or removed/);
    assert.deepEqual(ids(), ["1", "2"]);
  });

  it("a file that is removed is an error", async () => {
    await writeFile(path, '{"id":1}\n');
    start();
    await atEnd();
    await rm(path);
    assert.match(await failure(), /was moved or removed while it was read/);
  });

  it("the next run goes on where this one was", async () => {
    await writeFile(path, "id\n1\n");
    start({ format: csvFormat });
    await node.whenDurable(1);
    await ingress.close();
    await appendFile(path, "2\n");
    node = new MessageLogNode({ history: node.durable });
    start({ format: csvFormat });
    await node.whenDurable(2);
    assert.deepEqual(ids(), ["1", "2"]);
    assert.equal(node.duplicates, 0);
  });
});
