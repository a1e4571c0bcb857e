/*
 * Goal: records reach the sink in order and are acknowledged once they are there; what is not
 * acknowledged comes again. Method: a sink whose writes the test ends by hand.
 */
import assert from "node:assert/strict";
import { pino } from "pino";
import type { EgressAcknowledgedCommand } from "../src/core/command.js";
import type { OutboxRecord } from "../src/core/outbox.js";
import { OutboxDrain } from "../src/egress/outbox-drain.js";
import type { Sink, SinkStatus } from "../src/egress/sink.js";
import { outboxRecord, outboxRecords } from "./support/outbox-records.js";

/** A write() that is under way. */
interface Write {
  readonly sequences: readonly number[];
  resolve(position: number): void;
  reject(error: Error): void;
}

class ManualSink implements Sink {
  readonly writeRecordsMax: number;
  readonly opened: { readonly sequence: number; readonly position: number }[] = [];
  writes: Write[] = [];
  isClosed = false;
  sinkStatus: SinkStatus = { state: "running", reason: "" };
  openError: Error | null = null;

  constructor(writeRecordsMax = 100) {
    this.writeRecordsMax = writeRecordsMax;
  }

  async open(acknowledged: { readonly sequence: number; readonly position: number }) {
    this.opened.push(acknowledged);
    if (this.openError !== null) throw this.openError;
  }

  write(records: readonly OutboxRecord[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const sequences = records.map(({ sequence }) => sequence);
      this.writes.push({ sequences, resolve, reject });
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const write of this.writes) write.reject(new Error("closed"));
  }

  status(): SinkStatus {
    return this.sinkStatus;
  }

  /** The write() that is under way. */
  get write1(): Write {
    const write = this.writes[0];
    assert.ok(write !== undefined && this.writes.length === 1, `${this.writes.length} writes`);
    return write;
  }

  async finish(position: number): Promise<void> {
    this.write1.resolve(position);
    this.writes = [];
    await settled();
  }
}

/** Lets every promise that can go on do so. */
function settled(): Promise<void> {
  return new Promise(setImmediate);
}

describe("OutboxDrain", () => {
  let sink: ManualSink;
  let submitted: EgressAcknowledgedCommand[];
  let failures: Error[];

  function createDrain(writeRecordsMax?: number): OutboxDrain {
    sink = new ManualSink(writeRecordsMax);
    submitted = [];
    failures = [];
    return new OutboxDrain({
      egress: "test/out",
      kind: "test",
      sink,
      logger: pino({ level: "silent" }),
      submit: (command) => submitted.push(command),
      onFailure: (error) => failures.push(error),
    });
  }

  it("acknowledges a batch when it is written, once, with the sink's position", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 4, position: 40 });
    assert.deepEqual(sink.opened, [{ sequence: 4, position: 40 }]);
    drain.deliver(outboxRecords(5, 7));
    assert.deepEqual(sink.write1.sequences, [5, 6, 7]);
    assert.deepEqual(submitted, []);
    await sink.finish(70);
    assert.deepEqual(submitted, [
      { kind: "egressAcknowledged", egress: "test/out", sequence: 7, position: 70 },
    ]);
  });

  it("writes one batch at a time; what arrives meanwhile goes together", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver(outboxRecords(1, 1));
    drain.deliver(outboxRecords(2, 3));
    drain.deliver(outboxRecords(4, 5));
    assert.deepEqual(sink.write1.sequences, [1]);
    await sink.finish(1);
    assert.deepEqual(sink.write1.sequences, [2, 3, 4, 5]);
    await sink.finish(5);
    assert.deepEqual(
      submitted.map(({ sequence }) => sequence),
      [1, 5],
    );
  });

  it("a batch has no more records than the sink takes, and no more bytes than 4 MiB", async () => {
    const drain = createDrain(3);
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver(outboxRecords(1, 5));
    assert.deepEqual(sink.write1.sequences, [1, 2, 3]);
    await sink.finish(0);
    const large = Buffer.alloc(3 << 20);
    drain.deliver([6, 7, 8].map((sequence) => outboxRecord(sequence, large)));
    assert.deepEqual(sink.write1.sequences, [4, 5]);
    await sink.finish(0);
    assert.deepEqual(sink.write1.sequences, [6]);
  });

  it("a record larger than a batch goes alone", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver([outboxRecord(1, Buffer.alloc(5 << 20)), outboxRecord(2)]);
    assert.deepEqual(sink.write1.sequences, [1]);
  });

  it("keeps what is delivered before it is open", async () => {
    const drain = createDrain();
    const opened = drain.open({ sequence: 2, position: 0 });
    drain.deliver(outboxRecords(3, 4));
    assert.equal(sink.writes.length, 0);
    await opened;
    assert.deepEqual(sink.write1.sequences, [3, 4]);
  });

  it("a gap in the sequences is a bug, and stops there", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 2, position: 0 });
    assert.throws(() => drain.deliver(outboxRecords(4, 4)), /got record 4 after 2/);
  });

  it("an egress that cannot be opened says so by name", async () => {
    const drain = createDrain();
    sink.openError = new Error("/out is 3 bytes long");
    await assert.rejects(drain.open({ sequence: 1, position: 9 }), /egress test\/out: \/out is 3/);
    assert.deepEqual(
      [drain.status().state, drain.status().reason],
      ["failed", "/out is 3 bytes long"],
    );
  });

  it("a failed write stops the egress and tells the node", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver(outboxRecords(1, 2));
    sink.write1.reject(new Error("EIO"));
    await settled();
    assert.deepEqual(
      failures.map(({ message }) => message),
      ["egress test/out: EIO"],
    );
    drain.deliver(outboxRecords(3, 3));
    assert.equal(sink.writes.length, 1);
    assert.deepEqual(submitted, []);
    assert.deepEqual(drain.status(), {
      name: "test/out",
      kind: "test",
      sequenceLast: 3,
      sequenceAcknowledged: 0,
      state: "failed",
      reason: "EIO",
    });
  });

  it("its status is the sink's while it runs", async () => {
    const drain = createDrain();
    assert.equal(drain.status().state, "opening");
    await drain.open({ sequence: 0, position: 0 });
    assert.equal(drain.status().state, "running");
    drain.deliver(outboxRecords(1, 2));
    sink.sinkStatus = { state: "retrying", reason: "answer 503" };
    assert.deepEqual(drain.status(), {
      name: "test/out",
      kind: "test",
      sequenceLast: 2,
      sequenceAcknowledged: 0,
      state: "retrying",
      reason: "answer 503",
    });
  });

  it("closing waits for what was delivered", async () => {
    const drain = createDrain(1);
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver(outboxRecords(1, 2));
    const closed = drain.close(60_000);
    await sink.finish(1);
    await sink.finish(2);
    await closed;
    assert.ok(sink.isClosed);
    assert.deepEqual(
      submitted.map(({ sequence }) => sequence),
      [1, 2],
    );
    assert.equal(drain.status().state, "closed");
  });

  it("closing gives up after its time, without a failure", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver(outboxRecords(1, 2));
    await drain.close(1);
    assert.ok(sink.isClosed);
    assert.deepEqual([submitted, failures], [[], []]);
    assert.equal(drain.status().state, "closed");
  });

  it("closing does not wait for a sink that waits for somebody itself", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 0, position: 0 });
    drain.deliver(outboxRecords(1, 1));
    sink.sinkStatus = { state: "waiting", reason: "nobody subscribes to it" };
    // Its time would be longer than the test's.
    await drain.close(600_000);
    assert.ok(sink.isClosed);
    assert.deepEqual(failures, []);
  });

  it("closing an idle drain takes no time", async () => {
    const drain = createDrain();
    await drain.open({ sequence: 0, position: 0 });
    await drain.close(60_000);
    assert.equal(drain.status().state, "closed");
  });
});
