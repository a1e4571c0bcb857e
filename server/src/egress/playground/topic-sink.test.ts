import assert from "node:assert/strict";
import type { OutboxRecord } from "../../core/outbox.js";
import { type Take, type TakenRecord, TopicSink } from "./topic-sink.js";

const record = (sequence: number): OutboxRecord => ({
  egress: "io.statefun.playground/egress/t",
  sequence,
  typename: "text/plain",
  value: Buffer.from(String(sequence)),
  sourceType: {} as OutboxRecord["sourceType"],
  sourceId: "x",
  storedEpoch: 1,
});

/** Writes as the outbox drain does: one after the other. */
async function drain(sink: TopicSink, count: number, acknowledged: number[]): Promise<void> {
  for (let sequence = 1; sequence <= count; sequence++) {
    await sink.write([record(sequence)]);
    acknowledged.push(sequence);
  }
}

function taken(take: Take): TakenRecord {
  assert.ok(typeof take === "object", `${take} instead of a record`);
  return take;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a topic", () => {
  it("has nothing to take when no record has come", async () => {
    assert.equal(await new TopicSink().take(), "none");
  });

  it("acknowledges a record when it has left, and no earlier", async () => {
    const sink = new TopicSink();
    const acknowledged: number[] = [];
    void drain(sink, 2, acknowledged);
    const first = taken(await sink.take());
    await turn();
    assert.deepEqual(acknowledged, []);
    first.done();
    await turn();
    assert.deepEqual(acknowledged, [1]);
  });

  it("lets whoever comes meanwhile wait, and gives each the next record in order", async () => {
    const sink = new TopicSink();
    void drain(sink, 3, []);
    const takes = [sink.take(), sink.take(), sink.take(), sink.take()];
    for (let sequence = 1; sequence <= 3; sequence++) {
      const next = taken(await (takes.shift() as Promise<Take>));
      assert.equal(next.record.sequence, sequence);
      next.done();
    }
    assert.deepEqual(await Promise.all(takes), ["none"]);
  });

  it("gives a record that was given back to the next one who waits", async () => {
    const sink = new TopicSink();
    const acknowledged: number[] = [];
    void drain(sink, 1, acknowledged);
    const first = taken(await sink.take());
    const waiting = sink.take();
    first.giveBack();
    const second = taken(await waiting);
    assert.equal(second.record.sequence, 1);
    second.done();
    await turn();
    assert.deepEqual(acknowledged, [1]);
    assert.equal(await sink.take(), "none");
  });

  it("lets 1000 wait, and tells one more that it is busy", async () => {
    const sink = new TopicSink();
    void drain(sink, 1, []);
    const first = taken(await sink.take());
    const waiting = Array.from({ length: 1000 }, () => sink.take());
    assert.equal(await sink.take(), "busy");
    first.done();
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(["none"]));
  });

  it("lets nobody wait when it is closed, and leaves the record to the next run", async () => {
    const sink = new TopicSink();
    const acknowledged: number[] = [];
    const drained = drain(sink, 1, acknowledged);
    const first = taken(await sink.take());
    const waiting = sink.take();
    await sink.close();
    assert.equal(await waiting, "none");
    await assert.rejects(drained, /the topic is closed/);
    first.done();
    assert.deepEqual(acknowledged, []);
    await assert.rejects(sink.write([record(1)]), /the topic is closed/);
  });
});
