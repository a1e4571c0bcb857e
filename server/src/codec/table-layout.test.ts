import assert from "node:assert/strict";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import type { Expiration } from "../core/command.js";
import type { StoredStateTable } from "../core/store-view.js";
import { ByteReader, CorruptBytesError } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import type { MessageFields } from "./table-layout.js";
import {
  readMessage,
  readMessageKey,
  readRowValue,
  readStateTable,
  readStoredMessage,
  readStoredRecord,
  readStoredTimer,
  writeEgressPrefix,
  writeMailboxPrefix,
  writeMessage,
  writeRowKey,
  writeRowValue,
  writeStateTable,
  writeTimerKey,
} from "./table-layout.js";

// Goal: every key and value of the tables reads back as it was written, the order of the keys is the
// order that the readers rely on, and short values are refused rather than misread.

const ids = unicodeText({ maxLength: 60 });
const indexes = fc.integer({ min: 1, max: 0xffff_ffff });
const sequences = fc.maxSafeNat();
const values = fc.option(fc.uint8Array({ maxLength: 60 }));

const messages: fc.Arbitrary<MessageFields> = fc
  .record({
    callerType: fc.oneof(fc.constant(0), indexes),
    callerId: ids,
    typename: ids,
    traceparent: fc.oneof(fc.constant(""), ids),
    key: fc.oneof(fc.constant(""), ids),
    value: values,
  })
  // A message from an ingress has no caller at all.
  .map((message) => (message.callerType === 0 ? { ...message, callerId: "" } : message));

function encoded(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter(1);
  write(writer);
  return writer.copy();
}

function plain<T extends { readonly value: Uint8Array | null }>(fields: T) {
  return { ...fields, value: fields.value === null ? null : [...fields.value] };
}

describe("table layout", () => {
  it("reads messages back, absent and empty values apart", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = encoded((writer) => writeMessage(writer, message));
        assert.deepEqual(plain(readMessage(new ByteReader(bytes))), plain(message));
      }),
    );
  });

  it("reads stored messages back from key and value", () => {
    fc.assert(
      fc.property(indexes, ids, sequences, messages, (type, id, sequence, message) => {
        const key = encoded((writer) => {
          writeMailboxPrefix(writer, type, id);
          writer.u64(sequence);
        });
        const value = encoded((writer) => writeMessage(writer, message));
        assert.deepEqual(
          plain(readStoredMessage(key, value)),
          plain({ type, id, sequence, ...message }),
        );
      }),
    );
  });

  it("keeps the messages of a mailbox together and in order of their sequence", () => {
    const keyed = fc.record({
      type: fc.integer({ min: 1, max: 3 }),
      // Ids of which one begins with another are what an order without lengths would mix.
      id: fc.constantFrom("", "a", "ab", "a\u0000", "b", "é"),
      sequence: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(keyed, { minLength: 2, maxLength: 40 }), (keys) => {
        const sorted = keys
          .map((key) =>
            encoded((writer) => {
              writeMailboxPrefix(writer, key.type, key.id);
              writer.u64(key.sequence);
            }),
          )
          .sort(Buffer.compare)
          .map(readMessageKey);
        const done = new Set<string>();
        let last = { mailbox: "", sequence: 0 };
        for (const { type, id, sequence } of sorted) {
          const mailbox = `${type}/${id}`;
          if (mailbox === last.mailbox) assert.ok(sequence >= last.sequence);
          else assert.ok(!done.has(mailbox), `${mailbox} comes twice`);
          done.add(mailbox);
          last = { mailbox, sequence };
        }
      }),
    );
  });

  it("reads rows back, with and without an expiry, as bytes of their own", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), sequences, (value, expiresAtMs) => {
        const bytes = encoded((writer) => writeRowValue(writer, value, expiresAtMs));
        const row = readRowValue(bytes);
        bytes.fill(0xee);
        assert.deepEqual([...row.value], [...value]);
        assert.equal(row.expiresAtMs, expiresAtMs);
      }),
    );
  });

  it("keeps row keys of different tables apart", () => {
    const a = encoded((writer) => writeRowKey(writer, 16, "\u0001"));
    const b = encoded((writer) => writeRowKey(writer, 17, ""));
    assert.ok(Buffer.compare(a, b) < 0);
  });

  it("reads timers back and orders them by time, then by sequence", () => {
    fc.assert(
      fc.property(
        fc.record({ dueMs: sequences, sequence: sequences, token: ids, type: indexes, id: ids }),
        messages,
        ({ dueMs, sequence, token, type, id }, message) => {
          const key = encoded((writer) => writeTimerKey(writer, dueMs, sequence));
          const value = encoded((writer) => {
            writer.sizedText(token);
            writer.varint(type);
            writer.sizedText(id);
            writeMessage(writer, message);
          });
          const timer = readStoredTimer(key, value);
          assert.equal(timer.dueMs, dueMs);
          assert.equal(timer.token, token);
          assert.deepEqual(plain(timer.message), plain({ type, id, sequence, ...message }));
        },
      ),
    );
    const key = (dueMs: number, sequence: number) =>
      encoded((writer) => writeTimerKey(writer, dueMs, sequence));
    assert.ok(Buffer.compare(key(255, 9), key(256, 1)) < 0);
    assert.ok(Buffer.compare(key(256, 1), key(256, 2)) < 0);
  });

  it("reads records back, absent and empty values apart", () => {
    fc.assert(
      fc.property(
        fc.record({ egress: ids, sequence: sequences, sourceType: indexes, sourceId: ids }),
        ids,
        values,
        ({ egress, sequence, sourceType, sourceId }, typename, value) => {
          const key = encoded((writer) => {
            writeEgressPrefix(writer, egress);
            writer.u64(sequence);
          });
          const bytes = encoded((writer) => {
            writer.varint(sourceType);
            writer.sizedText(sourceId);
            writer.byte(value === null ? 0 : 1);
            writer.sizedText(typename);
            if (value !== null) writer.bytes(value);
          });
          assert.deepEqual(
            plain(readStoredRecord(key, bytes)),
            plain({ egress, sequence, sourceType, sourceId, typename, value }),
          );
        },
      ),
    );
  });

  it("reads state tables back with each kind of expiration", () => {
    const durationMs = 86_400_000;
    const expirations: (Expiration | null)[] = [
      null,
      { mode: "afterWrite", durationMs },
      { mode: "afterInvocation", durationMs },
    ];
    for (const expiration of expirations) {
      const table: StoredStateTable = {
        table: 17,
        typeName: "example/counter",
        name: "count",
        typename: "io.statefun.types/long",
        expiration,
      };
      const value = encoded((writer) => writeStateTable(writer, table));
      assert.deepEqual(
        readStateTable(
          encoded((writer) => writer.u32(17)),
          value,
        ),
        table,
      );
    }
  });

  it("refuses keys and values that are cut within a field", () => {
    const message: MessageFields = {
      callerType: 3,
      callerId: "caller",
      typename: "example/ping",
      traceparent: "trace",
      key: "key",
      value: null,
    };
    const value = encoded((writer) => writeMessage(writer, message));
    for (let end = 0; end < value.length; end++) {
      const cut = value.subarray(0, end);
      assert.throws(() => readMessage(new ByteReader(cut)), CorruptBytesError);
    }
    assert.throws(() => readMessageKey(Buffer.from([0, 0, 0, 1, 0, 9, 65])), CorruptBytesError);
    assert.throws(() => readRowValue(Buffer.from([1, 0, 0])), CorruptBytesError);
    assert.throws(() => readRowValue(Buffer.alloc(0)), CorruptBytesError);
    assert.throws(() => readRowValue(Buffer.from([7, 1, 2, 3, 4, 5, 6, 7, 8])), CorruptBytesError);
  });
});
