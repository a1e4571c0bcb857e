import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { createType } from "../core/catalog.js";
import type { ChangeSet } from "../core/change-set.js";
import { CorruptBytesError } from "./byte-reader.js";
import type { TableChange } from "./record-codec.js";
import {
  findRecord,
  RecordEncoder,
  readChangeAt,
  readRecordHeader as readHeader,
  recordHeaderBytes,
  saltRecord,
  visitChanges,
} from "./record-codec.js";
import {
  readRowValue,
  readStoredMessage,
  readStoredRecord,
  readStoredTimer,
} from "./table-layout.js";

// Goal: a record of the journal reads back as the changes of its epoch, and a record that is not
// exactly what was written is never taken for one.

const counter = createType(1, "example/counter");
const greeter = createType(2, "example/greeter");

const message = {
  type: counter,
  id: "ann",
  callerType: greeter,
  callerId: "bob",
  typename: "example/ping",
  value: Buffer.from("value"),
  traceparent: "",
  sequence: 7,
  key: "key-1",
  request: 0,
  storedEpoch: 0,
  consumed: false,
};

const record = {
  egress: "example/audit",
  sequence: 11,
  typename: "example/line",
  value: Buffer.alloc(0),
  sourceType: counter,
  sourceId: "ann",
  storedEpoch: 0,
};

const timer = {
  dueMs: 1_700_000_000_000,
  sequence: 8,
  token: "reset",
  type: greeter,
  id: "bob",
  callerType: counter,
  callerId: "ann",
  typename: "example/ping",
  value: null,
  traceparent: "",
  storedEpoch: 0,
  done: false,
};

function changeSet(changes: Partial<ChangeSet>): ChangeSet {
  return {
    epoch: 5,
    nextSequence: 12,
    types: [],
    stateTables: [],
    rows: [],
    messages: [],
    consumed: [],
    timersSet: [],
    timersCleared: [],
    records: [],
    recordsAcknowledged: [],
    ...changes,
  };
}

const everything = changeSet({
  types: [counter],
  stateTables: [
    {
      table: 16,
      typeName: "example/counter",
      name: "count",
      typename: "io.statefun.types/long",
      expiration: null,
      expires: false,
    },
  ],
  rows: [
    { table: 16, key: "ann", value: Buffer.from("42"), expiresAtMs: 0 },
    { table: 16, key: "bob", value: null, expiresAtMs: 0 },
  ],
  messages: [message],
  consumed: [{ ...message, sequence: 3 }],
  timersSet: [timer],
  timersCleared: [{ ...timer, sequence: 4 }],
  records: [record],
  recordsAcknowledged: [{ ...record, sequence: 2 }],
});

const salt = Buffer.from("the salt");

function salted(record: Buffer): Buffer {
  const bytes = Buffer.from(record);
  saltRecord(bytes, salt);
  return bytes;
}

function encode(changes: ChangeSet): Buffer {
  return salted(new RecordEncoder().encode(changes));
}

function readRecordHeader(bytes: Buffer, start: number) {
  return readHeader(bytes, start, salt);
}

function changesOf(bytes: Buffer): TableChange[] {
  const header = readRecordHeader(bytes, 0);
  assert.ok(header !== null);
  const changes: TableChange[] = [];
  visitChanges(bytes, { start: 0, end: header.end }, ({ at, keyStart, keyEnd, isDelete }) => {
    const change = readChangeAt(bytes, at);
    assert.deepEqual(change.key, bytes.subarray(keyStart, keyEnd));
    assert.equal(change.value === null, isDelete);
    changes.push(change);
  });
  return changes;
}

/** A record with the given body, whose checksum is right. */
function recordOf(body: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(recordHeaderBytes), body]);
  bytes.writeUInt32BE(body.length, 0);
  bytes.writeUInt32BE(5, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 4);
  return salted(bytes);
}

describe("journal records", () => {
  it("read back every kind of change, in the bytes of its table", () => {
    const changes = changesOf(encode(everything));
    const summary = changes.map(({ table, value }) => `${table} ${value === null ? "-" : "+"}`);
    assert.deepEqual(summary, [
      "types +",
      "states +",
      "meta +",
      "rows +",
      "rows -",
      "messages +",
      "messages -",
      "timers +",
      "timers -",
      "records +",
      "records -",
    ]);
    const putAt = (at: number): { key: Buffer; value: Buffer } => {
      const change = changes[at];
      assert.ok(change?.value != null);
      return { key: change.key, value: change.value };
    };
    assert.equal(putAt(0).value.toString(), "example/counter");
    assert.equal(putAt(2).value.readBigUInt64BE(0), 12n);
    assert.equal(Buffer.from(readRowValue(putAt(3).value).value).toString(), "42");
    const stored = readStoredMessage(putAt(5).key, putAt(5).value);
    assert.deepEqual(
      { ...stored, value: Buffer.from(stored.value ?? []).toString() },
      {
        type: 1,
        id: "ann",
        sequence: 7,
        callerType: 2,
        callerId: "bob",
        typename: "example/ping",
        traceparent: "",
        key: "key-1",
        value: "value",
      },
    );
    const storedTimer = readStoredTimer(putAt(7).key, putAt(7).value);
    assert.equal(storedTimer.token, "reset");
    assert.equal(storedTimer.message.value, null);
    const storedRecord = readStoredRecord(putAt(9).key, putAt(9).value);
    assert.equal(storedRecord.value?.length, 0, "a value of no bytes is a value");
  });

  it("delete under the very key that a put used", () => {
    const put = changesOf(
      encode(changeSet({ messages: [message], timersSet: [timer], records: [record] })),
    );
    const deleted = changesOf(
      encode(
        changeSet({ consumed: [message], timersCleared: [timer], recordsAcknowledged: [record] }),
      ),
    );
    const keys = (changes: TableChange[]) =>
      changes.slice(1).map(({ table, key }) => `${table} ${key.toString("hex")}`);
    assert.deepEqual(keys(deleted), keys(put));
  });

  it("keep an epoch beyond 32 bits", () => {
    const epoch = 0x1_2345_6789_abcd;
    assert.equal(readRecordHeader(encode(changeSet({ epoch })), 0)?.epoch, epoch);
  });

  it("come one after the other out of one encoder, and from any position", () => {
    const encoder = new RecordEncoder();
    const first = salted(encoder.encode(everything));
    const second = salted(encoder.encode(changeSet({ epoch: 6 })));
    const bytes = Buffer.concat([Buffer.from("junk"), first, second]);
    const header = readRecordHeader(bytes, 4);
    assert.equal(header?.epoch, 5);
    assert.equal(readRecordHeader(bytes, header?.end ?? 0)?.epoch, 6);
    assert.deepEqual(first, encode(everything));
  });

  it("are not accepted when torn, at any length", () => {
    const bytes = encode(everything);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(readRecordHeader(bytes.subarray(0, length), 0), null, `cut to ${length}`);
      const zeroed = Buffer.concat([
        bytes.subarray(0, length),
        Buffer.alloc(bytes.length - length),
      ]);
      if (!zeroed.equals(bytes))
        assert.equal(readRecordHeader(zeroed, 0), null, `zeros from ${length}`);
    }
  });

  it("are not accepted with any bit of any byte flipped", () => {
    const bytes = encode(everything);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        assert.equal(readRecordHeader(bytes, 0), null, `bit ${bit} of byte ${at}`);
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
      }
    }
    assert.notEqual(readRecordHeader(bytes, 0), null);
  });

  it("are those of one salt: no other file's record passes, wherever it lies", () => {
    const bytes = encode(everything);
    const row = { table: 16, key: "a", value: bytes, expiresAtMs: 0, epoch: 9 };
    const carrier = Buffer.from(new RecordEncoder().encode(changeSet({ epoch: 9, rows: [row] })));
    const other = Buffer.from("other sa");
    saltRecord(carrier, other);
    assert.deepEqual(findRecord(carrier, 0, other), { start: 0, epoch: 9 });
    // Torn at its front, with a whole record in its value.
    carrier.writeUInt8(0xff, 4);
    assert.equal(findRecord(carrier, 0, other), null);
    assert.equal(findRecord(carrier, 0, salt)?.epoch, 5, "what it would be without salts");
  });

  it("are found behind damage of any length", () => {
    const bytes = Buffer.concat([encode(everything), encode(changeSet({ epoch: 6 }))]);
    const second = bytes.length - encode(changeSet({ epoch: 6 })).length;
    for (let length = 1; length <= second; length++) {
      const damaged = Buffer.from(bytes).fill(0xee, 0, length);
      assert.deepEqual(findRecord(damaged, 0, salt), { start: second, epoch: 6 });
    }
    assert.equal(findRecord(Buffer.from(bytes).fill(0xee, second), 1, salt), null);
  });

  it("are not seen in random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(400), (bytes, start) => {
        assert.equal(readRecordHeader(Buffer.from(bytes), start), null);
      }),
    );
  });

  it("with a right checksum and a wrong body give CorruptBytesError, never garbage", () => {
    const good = encode(everything).subarray(recordHeaderBytes);
    for (const body of [
      Buffer.from([0x7e]),
      Buffer.from([0x00, 0x05, 0x01]),
      Buffer.from([0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
      good.subarray(0, good.length - 1),
    ]) {
      assert.throws(() => changesOf(recordOf(body)), CorruptBytesError);
    }
  });

  it("with a right checksum and any body end or give CorruptBytesError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (body) => {
        try {
          changesOf(recordOf(Buffer.from(body)));
        } catch (error) {
          assert.ok(error instanceof CorruptBytesError, String(error));
        }
      }),
    );
  });
});
