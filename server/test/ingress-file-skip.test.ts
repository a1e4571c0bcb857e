/*
 * Goal: a record that is skipped is skipped once, and nothing is lost by it. Method: as in
 * ingress-file.test.ts.
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
} from "../src/ingress/file/file-ingress.js";
import { toPlace } from "../src/ingress/file/file-sequence.js";
import type { FileIngressSpec } from "../src/module/module.js";
import { fileIngressSpec, targetOf } from "./support/file-ingress-spec.js";
import { MessageLogNode } from "./support/message-log-node.js";

describe("records that a file ingress skips", () => {
  let directory: string;
  let path: string;
  const ingresses: FileIngress[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "statewire-skip-"));
    path = join(directory, "records");
  });

  afterEach(async () => {
    await Promise.all(ingresses.splice(0).map((ingress) => ingress.close()));
    await rm(directory, { recursive: true });
  });

  function open(node: MessageLogNode, spec: Partial<FileIngressSpec> = {}): FileIngress {
    const ingress = createFileIngress({
      spec: fileIngressSpec({ path, invalidRecords: "skip", ...spec }),
      port: node.port,
      logger: pino({ level: "silent" }),
      limits: { idBytesMax: 100, valueBytesMax: 1000 },
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

  it("those at the end are not looked at again by the next run", async () => {
    await writeFile(path, '{"id":1}\nx\n{"b":2}\n');
    const first = new MessageLogNode();
    const end = await run(first);
    assert.deepEqual(end, { kind: "done", records: 1, skipped: 2 });
    await writeFile(path, '{"id":1}\nx\n{"b":2}\n{"id":3}\ny\n');
    const { durable: history, position } = first;
    const second = new MessageLogNode({ history, position });
    assert.deepEqual(await run(second), {
      kind: "done",
      records: 1,
      skipped: 1,
    });
    assert.deepEqual(
      second.durable.map(({ id }) => id),
      ["1", "3"],
    );
  });

  it("a file that holds nothing else is gone through once", async () => {
    await writeFile(path, "x\ny\n");
    const first = new MessageLogNode();
    const end = await run(first);
    assert.deepEqual(end, { kind: "done", records: 0, skipped: 2 });
    const second = new MessageLogNode({ position: first.position });
    const again = await run(second);
    assert.deepEqual(again, { kind: "done", records: 0, skipped: 0 });
  });

  it("the position does not pass them before what precedes them is durable", async () => {
    await writeFile(path, '{"id":1}\n{"id":2}\nx\n');
    const node = new MessageLogNode();
    const ingress = open(node);
    ingress.start();
    await node.whenDurable(1);
    node.hold();
    await until(() => ingress.status().skipped === 1);
    assert.equal(toPlace(node.position)?.start, 0);
    node.release();
    await ingress.done;
    assert.equal(toPlace(node.position)?.start, '{"id":1}\n{"id":2}\n'.length);
  });

  it("a message that was skipped behind one that was sent is not tried again", async () => {
    await writeFile(path, '{"id":1,"f":"nope"}\n');
    const targets = [targetOf("test/sink", "{id}"), targetOf("test/{f}", "{id}")];
    const spec = { targets };
    const first = new MessageLogNode();
    first.unknownTypes.add("test/nope");
    const end = await run(first, spec);
    assert.deepEqual(end, { kind: "done", records: 1, skipped: 1 });
    const { durable: history, position } = first;
    const second = new MessageLogNode({ history, position });
    assert.deepEqual(await run(second, spec), { kind: "done", records: 0, skipped: 0 });
    assert.equal(second.durable.length, 1);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
