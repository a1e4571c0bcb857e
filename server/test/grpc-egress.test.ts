import assert from "node:assert/strict";
import { type ClientDuplexStream, type StatusObject, status } from "@grpc/grpc-js";
import {
  EgressClient,
  type Record as EgressRecord,
  type RecordBatch,
  type SubscribeRequest,
} from "@statewire/protos/statewire/v1/egress.js";
import type { FunctionType } from "../src/core/function-type.js";
import type { OutboxRecord } from "../src/core/outbox.js";
import { ApiNode, insecure } from "./support/api-node.js";

const sourceType = { name: "shop/order" } as FunctionType;

function record(sequence: number, value: Uint8Array | null = Buffer.from(`v${sequence}`)) {
  const typename = "shop/placed";
  return {
    egress: "shop/out",
    sequence,
    typename,
    value,
    sourceType,
    sourceId: "a/b",
    storedEpoch: 0,
  } satisfies OutboxRecord;
}

function range(from: number, to: number): OutboxRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => record(from + index));
}

/** The client's end of one Subscribe stream. */
class Subscriber {
  readonly records: EgressRecord[] = [];
  readonly batches: RecordBatch[] = [];
  readonly ended: Promise<StatusObject>;
  readonly stream: ClientDuplexStream<SubscribeRequest, RecordBatch>;
  #notify: () => void = () => undefined;

  constructor(client: EgressClient) {
    this.stream = client.subscribe();
    this.stream.on("error", () => undefined);
    this.stream.on("data", (batch: RecordBatch) => {
      this.batches.push(batch);
      this.records.push(...batch.records);
      this.#notify();
    });
    this.ended = new Promise((resolve) => this.stream.on("status", resolve));
  }

  start(egress = "shop/out", window = 0): this {
    this.stream.write({ request: { $case: "start", value: { egress, window } } });
    return this;
  }

  acknowledge(sequence: number): void {
    this.stream.write({ request: { $case: "acknowledge", value: sequence } });
  }

  /** The sequences so far, once there are so many. */
  async received(count: number): Promise<number[]> {
    while (this.records.length < count) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return this.records.map(({ sequence }) => sequence);
  }
}

describe("the subscription egress", () => {
  let node: ApiNode;
  let client: EgressClient;

  beforeEach(async () => {
    node = await ApiNode.open();
    client = new EgressClient(node.grpcAddress, insecure);
    await node.sink.open({ sequence: 0 });
  });

  afterEach(async () => {
    client.close();
    await node.api.close();
  });

  it("hands records to the subscriber; a write ends with their acknowledgement", async () => {
    const written = node.sink.write([record(1), record(2, null), record(3, Buffer.alloc(0))]);
    const subscriber = new Subscriber(client).start();
    await subscriber.received(3);
    assert.deepEqual(subscriber.records[0], {
      sequence: 1,
      value: { typename: "shop/placed", value: Buffer.from("v1") },
      source: { namespace: "shop", type: "order", id: "a/b" },
    });
    assert.equal(subscriber.records[1]?.value?.value, undefined);
    assert.equal(subscriber.records[2]?.value?.value?.length, 0);
    subscriber.acknowledge(3);
    assert.equal(await written, 0);
  });

  it("it waits while there are records and no subscriber", async () => {
    assert.equal(node.sink.status().state, "running");
    const written = node.sink.write([record(1)]);
    assert.deepEqual(node.sink.status(), { state: "waiting", reason: "nobody subscribes to it" });
    const subscriber = new Subscriber(client).start();
    await subscriber.received(1);
    assert.equal(node.sink.status().state, "running");
    subscriber.acknowledge(1);
    await written;
  });

  it("a write waits for all of its records, and an acknowledgement counts for all before it", async () => {
    const subscriber = new Subscriber(client).start();
    const written = node.sink.write(range(1, 3));
    let isDone = false;
    void written.then(() => {
      isDone = true;
    });
    await subscriber.received(3);
    subscriber.acknowledge(2);
    while (node.sink.acknowledged < 2) await nextTurn();
    assert.equal(isDone, false);
    subscriber.acknowledge(3);
    await written;
    const next = node.sink.write([record(4)]);
    assert.deepEqual(await subscriber.received(4), [1, 2, 3, 4]);
    subscriber.acknowledge(4);
    await next;
  });

  it("sends no more than the window without an acknowledgement", async () => {
    const subscriber = new Subscriber(client).start("shop/out", 2);
    const written = node.sink.write(range(1, 5));
    await subscriber.received(2);
    subscriber.acknowledge(1);
    assert.deepEqual(await subscriber.received(3), [1, 2, 3]);
    subscriber.acknowledge(3);
    assert.deepEqual(await subscriber.received(5), [1, 2, 3, 4, 5]);
    subscriber.acknowledge(5);
    await written;
    assert.ok(subscriber.batches.every(({ records }) => records.length <= 2));
  });

  it("sends again what was not acknowledged, to the next subscriber, and nothing else", async () => {
    const written = node.sink.write(range(1, 4));
    const first = new Subscriber(client).start();
    await first.received(4);
    first.acknowledge(2);
    while (node.sink.acknowledged < 2) await nextTurn();
    first.stream.cancel();
    while (node.sink.hasSubscriber) await nextTurn();
    const second = new Subscriber(client).start();
    assert.deepEqual(await second.received(2), [3, 4]);
    second.acknowledge(4);
    await written;
  });

  it("begins after what was acknowledged in an earlier life", async () => {
    await node.sink.open({ sequence: 7 });
    const subscriber = new Subscriber(client).start();
    const written = node.sink.write(range(7, 9));
    assert.deepEqual(await subscriber.received(2), [8, 9]);
    subscriber.acknowledge(9);
    await written;
  });

  it("a newer subscriber takes over, the older one ends as ABORTED and has no say", async () => {
    const written = node.sink.write(range(1, 2));
    const older = new Subscriber(client).start();
    await older.received(2);
    const newer = new Subscriber(client).start();
    assert.equal((await older.ended).code, status.ABORTED);
    assert.deepEqual(await newer.received(2), [1, 2]);
    newer.acknowledge(2);
    await written;
    assert.ok(node.sink.hasSubscriber);
  });

  it("a subscriber that ends its stream well is let go", async () => {
    const subscriber = new Subscriber(client).start();
    while (!node.sink.hasSubscriber) await nextTurn();
    subscriber.stream.end();
    assert.equal((await subscriber.ended).code, status.OK);
    assert.ok(!node.sink.hasSubscriber);
  });

  it("large records do not share a batch", async () => {
    const value = Buffer.alloc(700_000);
    const written = node.sink.write([record(1, value), record(2, value), record(3, value)]);
    const subscriber = new Subscriber(client).start();
    await subscriber.received(3);
    assert.deepEqual(
      subscriber.batches.map(({ records }) => records.length),
      [2, 1],
    );
    subscriber.acknowledge(3);
    await written;
  });

  it("a subscriber that breaks the rules is told which", async () => {
    const unknown = new Subscriber(client).start("shop/other");
    const notFound = await unknown.ended;
    assert.equal(notFound.code, status.NOT_FOUND);
    assert.match(notFound.details, /shop\/other.*shop\/out/);

    const hasty = new Subscriber(client);
    hasty.acknowledge(1);
    assert.match((await hasty.ended).details, /first message is start/);

    const twice = new Subscriber(client).start().start();
    assert.match((await twice.ended).details, /start comes once/);

    const ahead = new Subscriber(client).start();
    ahead.acknowledge(5);
    const invalid = await ahead.ended;
    assert.equal(invalid.code, status.INVALID_ARGUMENT);
    assert.match(invalid.details, /sequence 5, but only 0/);

    const silent = new Subscriber(client);
    silent.stream.write({ request: undefined });
    assert.match((await silent.ended).details, /neither start nor acknowledge/);
    assert.ok(!node.sink.hasSubscriber);
  });

  it("a sink that closes ends its write and its subscriber", async () => {
    const subscriber = new Subscriber(client).start();
    const written = node.sink.write([record(1)]);
    await subscriber.received(1);
    await Promise.all([assert.rejects(written, /shop\/out is closed/), node.sink.close()]);
    assert.equal((await subscriber.ended).code, status.UNAVAILABLE);
    await assert.rejects(node.sink.write([record(2)]), /closed/);
  });

  it("a node that stops ends the stream, the records stay", async () => {
    const subscriber = new Subscriber(client).start();
    const written = node.sink.write([record(1)]);
    await subscriber.received(1);
    await node.api.close();
    assert.equal((await subscriber.ended).code, status.UNAVAILABLE);
    await Promise.all([assert.rejects(written), node.sink.close()]);
  });
});

/** Lets the other side of a socket go on; used to wait for a condition. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
