import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeSet, recordOf } from "../../test/support/epoch-records.js";
import { createType } from "../core/catalog.js";
import type { ChangeSet } from "../core/change-set.js";
import { longMin } from "../core/store-view.js";
import { Store } from "./store.js";

// Goal: a range of the tables is what the core's contract says: in order, from behind its start, no
// longer than its limits. Method: a real store with a folded epoch.

const type = createType(1, "example/counter");
const other = createType(2, "example/other");
const wide = 1_000_000;

function message(sequence: number, id = "ann", { to = type, bytes = 12 } = {}) {
  return {
    type: to,
    id,
    callerType: null,
    callerId: "",
    typename: "example/ping",
    value: Buffer.alloc(bytes, `message ${sequence}`),
    traceparent: "",
    sequence,
    key: "",
    request: 0,
    storedEpoch: 0,
    consumed: false,
  };
}

function record(sequence: number, egress = "example/out", bytes = 10) {
  return {
    egress,
    sequence,
    typename: "example/line",
    value: Buffer.alloc(bytes),
    sourceType: type,
    sourceId: "ann",
    storedEpoch: 0,
  };
}

function timer(sequence: number, dueMs: number, bytes = 10) {
  return {
    dueMs,
    sequence,
    token: `token ${sequence}`,
    type,
    id: "ann",
    callerType: type,
    callerId: "bob",
    typename: "example/ping",
    value: Buffer.alloc(bytes, sequence),
    traceparent: "",
    storedEpoch: 0,
    done: false,
  };
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

function sequencesOf(entries: readonly { readonly sequence: number }[]): number[] {
  return entries.map(({ sequence }) => sequence);
}

describe("Store ranges", () => {
  let directory = "";
  let store: Store;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-ranges-"));
    store = await Store.open({ directory, segmentBytes: 1024 * 1024 });
  });

  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  async function fold(given: Partial<ChangeSet>): Promise<void> {
    const changes = changeSet(1, given);
    await store.append(recordOf(changes), changes.epoch);
    await store.fold(changes.epoch);
  }

  it("read messages and records between two sequences", async () => {
    const tens = numbers(1, 10).map((each) => 10 * each);
    await fold({
      messages: [
        ...tens.map((sequence) => message(sequence)),
        ...tens.map((sequence) => message(sequence + 1, "anna")),
        ...tens.map((sequence) => message(sequence + 2, "")),
      ],
      records: [
        ...tens.map((sequence) => record(sequence)),
        ...tens.map((sequence) => record(sequence + 1, "example/out2")),
      ],
    });
    const messages = (id: string, after: number, last: number, limit = 100) =>
      sequencesOf(store.readMessages({ type: 1, id, after, last, limit, bytesMax: wide }));
    const records = (after: number, last: number, limit = 100) =>
      sequencesOf(store.readRecords({ egress: "example/out", after, last, limit, bytesMax: wide }));
    for (const read of [
      (...range: [number, number, number?]) => messages("ann", ...range),
      records,
    ]) {
      assert.deepEqual(read(0, Number.MAX_SAFE_INTEGER - 1), tens);
      assert.deepEqual(read(20, 50), [30, 40, 50]);
      assert.deepEqual(read(19, 49), [20, 30, 40]);
      assert.deepEqual(read(0, 100, 2), [10, 20]);
      assert.deepEqual(read(100, 200), []);
      assert.deepEqual(read(50, 50), []);
    }
    assert.deepEqual(messages("anna", 30, 60), [31, 41, 51]);
    assert.deepEqual(messages("", 30, 60), [32, 42, 52]);
    assert.deepEqual(messages("an", 0, 100), []);
    const range = { type: 1, id: "ann", after: 0, last: 10, limit: 1, bytesMax: wide };
    const [first] = store.readMessages(range);
    assert.equal(Buffer.from(first?.value ?? []).toString(), "message 10me");
  });

  it("read no more messages and records than fit, but one in any case", async () => {
    await fold({
      messages: numbers(1, 4).map((sequence) => message(sequence, "ann", { bytes: 400 })),
      records: numbers(1, 4).map((sequence) => record(sequence, "example/out", 400)),
    });
    const range = { after: 0, last: 10, limit: 10 };
    for (const [bytesMax, count] of [
      [1, 1],
      [600, 2],
      [wide, 4],
    ] as const) {
      const messages = store.readMessages({ type: 1, id: "ann", ...range, bytesMax });
      const records = store.readRecords({ egress: "example/out", ...range, bytesMax });
      assert.deepEqual([messages.length, records.length], [count, count]);
    }
  });

  it("read one mailbox: its front, and how many are behind", async () => {
    await fold({
      messages: [
        ...[1, 2, 3, 4, 5].map((sequence) => message(sequence)),
        message(6, "anna"),
        message(7, "ann", { to: other }),
      ],
    });
    const read = (id: string, messagesMax: number, bytesMax = wide) => {
      const mailbox = store.readMailbox({ type: 1, id }, { messagesMax, bytesMax });
      return mailbox && [sequencesOf(mailbox.messages), mailbox.rest?.count, mailbox.rest?.last];
    };
    assert.deepEqual(read("ann", 10), [[1, 2, 3, 4, 5], 0, 0]);
    assert.deepEqual(read("ann", 5), [[1, 2, 3, 4, 5], 0, 0]);
    assert.deepEqual(read("ann", 2), [[1, 2], 3, 5]);
    assert.deepEqual(read("ann", 10, 1), [[1], 4, 5]);
    assert.deepEqual(read("anna", 10), [[6], 0, 0]);
    assert.equal(read("an", 10), undefined);
    assert.equal(
      store.readMailbox({ type: 3, id: "ann" }, { messagesMax: 1, bytesMax: 1 }),
      undefined,
    );
  });

  it("read the mailboxes of a type one after the other, shorter ids first", async () => {
    await fold({
      messages: [
        message(1, "bb"),
        message(2, "a"),
        message(3, "bb"),
        message(4, ""),
        message(5, "c"),
        message(6, "bb"),
        message(7, "zz", { to: other }),
      ],
    });
    const read = (afterId: string | null, mailboxesMax: number, messagesMax = 100) => {
      const { mailboxes, isAtEnd } = store.readMailboxes({
        type: 1,
        afterId,
        limits: { messagesMax: 2, bytesMax: wide },
        mailboxesMax,
        messagesMax,
      });
      return [...mailboxes.map(({ id, messages }) => `${id}:${sequencesOf(messages)}`), isAtEnd];
    };
    assert.deepEqual(read(null, 10), [":4", "a:2", "c:5", "bb:1,3", true]);
    assert.deepEqual(read(null, 2), [":4", "a:2", false]);
    assert.deepEqual(read("a", 2), ["c:5", "bb:1,3", true]);
    assert.deepEqual(read("", 1), ["a:2", false]);
    assert.deepEqual(read("b", 10), ["c:5", "bb:1,3", true], "behind an id that is not there");
    assert.deepEqual(read("bb", 10), [true]);
    assert.deepEqual(read(null, 10, 1), [":4", false]);
    const narrow = { type: 1, afterId: null, mailboxesMax: 10, messagesMax: 100 };
    const first = store.readMailboxes({ ...narrow, limits: { messagesMax: 2, bytesMax: 1 } });
    assert.equal(first.mailboxes.length, 1, "no further one after so many bytes");
    assert.deepEqual(
      store.readMailboxes({ ...narrow, type: 3, limits: { messagesMax: 1, bytesMax: 1 } }),
      { mailboxes: [], isAtEnd: true },
    );
  });

  it("leave the count of a long mailbox to the image", async () => {
    const long = numbers(1, longMin + 1);
    await fold({
      types: [type, other],
      messages: [
        ...long.map((sequence) => message(sequence, "long")),
        ...numbers(5000, longMin).map((sequence) => message(sequence, "less")),
        message(9000, "next"),
        message(9001, "next", { to: other }),
      ],
    });
    const limits = { messagesMax: 3, bytesMax: wide };
    assert.equal(store.readMailbox({ type: 1, id: "long" }, limits)?.rest, null);
    const known = { ...limits, isLong: true };
    assert.equal(store.readMailbox({ type: 1, id: "long" }, known)?.rest, null);
    const less = { count: longMin - 3, last: 5000 + longMin - 1 };
    assert.deepEqual(store.readMailbox({ type: 1, id: "less" }, limits)?.rest, less);
    const { mailboxes, isAtEnd } = store.readMailboxes({
      type: 1,
      afterId: null,
      limits,
      mailboxesMax: 10,
      messagesMax: 100_000,
    });
    assert.deepEqual(
      mailboxes.map(({ id, messages, rest }) => [id, messages.length, rest]),
      [
        ["less", 3, less],
        ["long", 3, null],
        ["next", 1, { count: 0, last: 0 }],
      ],
    );
    assert.equal(isAtEnd, true);
    const counted = { count: longMin + 1, last: longMin + 1 };
    assert.deepEqual(
      [...store.readImage().backlogs],
      [
        { type: 1, mailboxes: 3, messages: 2 * longMin + 2, long: new Map([["long", counted]]) },
        { type: 2, mailboxes: 1, messages: 1, long: new Map() },
      ],
    );
  });

  it("read timers from behind a key, by time and then by sequence", async () => {
    await fold({
      timersSet: [timer(4, 300), timer(1, 200), timer(2, 200), timer(3, 100), timer(5, 200)],
    });
    const read = (dueMs: number, sequence: number, limit = 10) =>
      store
        .readTimers({ after: { dueMs, sequence }, limit, bytesMax: 1000 })
        .map((each) => each.message.sequence);
    assert.deepEqual(read(0, 0), [3, 1, 2, 5, 4]);
    assert.deepEqual(read(200, 1), [2, 5, 4]);
    assert.deepEqual(read(200, 0, 2), [1, 2]);
    assert.deepEqual(read(300, 4), []);
    assert.equal(store.readImage().timerCount, 5);
  });

  it("read a timer whole", async () => {
    await fold({ timersSet: [timer(7, 100)] });
    const [read] = store.readTimers({ after: { dueMs: 0, sequence: 0 }, limit: 1, bytesMax: 1 });
    assert.deepEqual([read?.dueMs, read?.token], [100, "token 7"]);
    const { type: index, id, callerType, callerId, value } = read?.message ?? {};
    assert.deepEqual([index, id, callerType, callerId], [1, "ann", 1, "bob"]);
    assert.deepEqual(Buffer.from(value ?? []), Buffer.alloc(10, 7));
  });

  it("read no more timers than fit, but one in any case", async () => {
    await fold({ timersSet: [timer(1, 1, 400), timer(2, 2, 400), timer(3, 3, 400)] });
    const read = (bytesMax: number) =>
      store.readTimers({ after: { dueMs: 0, sequence: 0 }, limit: 10, bytesMax }).length;
    assert.equal(read(1), 1);
    assert.equal(read(600), 2);
    assert.equal(read(10_000), 3);
  });
});
