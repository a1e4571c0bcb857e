import { crc32 } from "node:zlib";
import type { ChangeSet } from "../../src/core/change-set.js";
import { keyedTable } from "../../src/core/state-table.js";
import type { StoreView } from "../../src/core/store-view.js";
import type { Sink } from "../../src/egress/sink.js";
import type { Durability } from "../../src/loop/epoch-loop.js";
import type { Disk, DiskFile } from "../../src/store/disk.js";
import type { Table } from "../../src/store/table.js";
import { copyRows } from "../support/core-tables.js";
import type { PlantedBug } from "./planted-bugs.js";
import { noPlants, type Seams } from "./seams.js";

// Bugs in what is kept: at the seams between loop, store, disk, tables and sinks.

/** Changes what an epoch makes durable. */
function withChanges(change: (changes: ChangeSet) => ChangeSet): Seams {
  return {
    ...noPlants,
    durability: (durability) => ({
      commit: (changes) => durability.commit(change(changes)),
      fold: (epoch, expiredMs) => durability.fold(epoch, expiredMs),
      sweep: (expiredMs) => durability.sweep(expiredMs),
    }),
  };
}

function withoutRows(table: number): Seams {
  return withChanges((changes) => ({
    ...changes,
    rows: copyRows(changes.rows).filter((row) => row.table !== table),
  }));
}

const again = /gets letter \d+ of .* after letter \d+|gets .* twice|are left in the tables/;

export const storagePlants: readonly PlantedBug[] = [
  {
    name: "forget what was consumed",
    breaks: "A consumed message is not deleted: after a crash it takes effect again.",
    foundBy: new RegExp(`${again.source}|counters|cold parked`),
    seams: () => withChanges((changes) => ({ ...changes, consumed: [] })),
  },
  {
    name: "lose a message",
    breaks: "Messages that wait at the end of an epoch are not kept.",
    foundBy: /gets letter|should be|never got|come to rest|not there|not in the tables/,
    seams: () => withChanges((changes) => ({ ...changes, messages: [] })),
  },
  {
    name: "lose a timer",
    breaks: "Delayed messages are not kept: after a crash they never come.",
    foundBy: /never got delayed|deletes what is not there|not in the tables|not pending/,
    seams: () => withChanges((changes) => ({ ...changes, timersSet: [] })),
  },
  {
    name: "forget a position",
    breaks: "The position of a source is not kept: what it sends again after a crash counts again.",
    foundBy: /gets letter \d+ of .* after letter \d+|is at \d+, and \d+ are confirmed/,
    seams: () => withoutRows(keyedTable.position),
  },
  {
    name: "forget dedup",
    breaks:
      "Idempotency keys are not kept: a request that is made again after a crash counts again.",
    foundBy: /gets .* twice/,
    seams: () => withoutRows(keyedTable.dedup),
  },
  {
    name: "forget an acknowledgement",
    breaks: "What an egress has is not kept, but its records are gone.",
    foundBy: /record \d+ of|records of|\d+ records/,
    seams: () => withoutRows(keyedTable.egress),
  },
  {
    name: "number messages anew",
    breaks: "The next sequence is not kept: after a crash, messages get numbers that are taken.",
    foundBy:
      /puts what is there|broken invariant|gets letter|should be|\d+, \d+|no message in memory/,
    seams: () => withChanges((changes) => ({ ...changes, nextSequence: 1 })),
  },
  {
    name: "commit acknowledged before the sync",
    breaks: "A write is reported done while it is on its way.",
    foundBy: /too early|leaves with epoch|gets letter|confirmed|the journal ends|written where/,
    seams: () => ({ ...noPlants, disk: (disk) => withFiles(disk, reportEarly) }),
  },
  {
    name: "trust a write that failed",
    breaks: "An epoch whose write has failed is taken for durable.",
    foundBy: /too early|leaves with epoch|the journal ends/,
    seams: () => ({ ...noPlants, durability: ignoreFailures }),
  },
  {
    name: "recovery accepts a torn record",
    breaks: "The checksum of a record is not looked at.",
    foundBy:
      /a recovery ends at epoch|JOURNAL_CORRUPT|is damaged|another value|lack|should be gone/,
    seams: () => ({ ...noPlants, disk: mendChecksums }),
  },
  {
    name: "recovery stops too early",
    breaks: "The last record of the journal is overlooked.",
    foundBy: /a recovery ends at epoch|the journal ends|begins with epoch/,
    seams: () => ({ ...noPlants, disk: hideLastRecord }),
  },
  {
    name: "fold deletes what was rewritten",
    breaks: "A row that the tables have already is removed when it is to be written again.",
    foundBy: /the tables lack rows/,
    seams: () => ({
      ...noPlants,
      tables: (tables) => ({
        root: tables.root,
        byName: { ...tables.byName, rows: withRemovals(tables.byName.rows) },
      }),
    }),
  },
  {
    name: "expired state returned",
    breaks: "The time at which a value in the tables expires is not looked at.",
    foundBy: /sees the expired/,
    seams: () => ({ ...noPlants, view: withoutExpiry }),
  },
  {
    name: "spill loses a message",
    breaks: "The first message that is read back from the tables is left out.",
    foundBy: /gets letter|should be|come to rest|no message in memory|broken invariant/,
    seams: () => ({ ...noPlants, view: withoutFirstMessage }),
  },
  {
    name: "egress not cut back",
    breaks: "What a file has beyond the acknowledged position stays when a node starts.",
    foundBy: /e\/file/,
    seams: () => ({ ...noPlants, sink: withoutOpen }),
  },
];

function withFiles(disk: Disk, change: (file: DiskFile) => DiskFile): Disk {
  return { ...bound(disk), open: (path) => change(disk.open(path)) };
}

function reportEarly(file: DiskFile): DiskFile {
  return {
    bytes: file.bytes,
    writeSync: (data, at) => file.writeSync(data, at),
    write: (data, at, callback) => {
      file.write(Buffer.from(data), at, () => undefined);
      queueMicrotask(() => callback(null));
    },
    close: () => file.close(),
  };
}

function ignoreFailures(durability: Durability): Durability {
  return {
    commit: async (changes) => {
      const { epoch } = changes;
      const report = { epoch, changes: 0, bytes: 1, durationMs: 0 };
      return durability.commit(changes).catch(() => report);
    },
    fold: (epoch, expiredMs) => durability.fold(epoch, expiredMs),
    sweep: (expiredMs) => durability.sweep(expiredMs),
  };
}

const recordsAt = 4096;
const recordHeaderBytes = 24;

/** Gives every record that is there in outline the checksum of what it holds. */
function mendChecksums(disk: Disk): Disk {
  return withBytes(disk, (bytes) => {
    for (const [start, end] of recordsOf(bytes)) {
      bytes.writeUInt32BE(crc32(bytes.subarray(start + 16, end)), start + 4);
    }
  });
}

function hideLastRecord(disk: Disk): Disk {
  return withBytes(disk, (bytes) => {
    const last = recordsOf(bytes).at(-1);
    if (last !== undefined) bytes.fill(0, last[0], last[1]);
  });
}

/** Changes what is read of a segment. */
function withBytes(disk: Disk, change: (bytes: Buffer) => void): Disk {
  return {
    ...bound(disk),
    read: (path, bytesMax) => {
      const bytes = disk.read(path, bytesMax);
      if (bytes.length > recordsAt && path.includes("/journal-")) change(bytes);
      return bytes;
    },
  };
}

/** Where records of the segment's salt seem to be. */
function recordsOf(bytes: Buffer): (readonly [start: number, end: number])[] {
  const salt = bytes.subarray(32, 40);
  const records: (readonly [number, number])[] = [];
  for (let at = recordsAt; at + recordHeaderBytes <= bytes.length; ) {
    const end = at + recordHeaderBytes + bytes.readUInt32BE(at);
    const isRecord = salt.equals(bytes.subarray(at + 8, at + 16)) && end <= bytes.length;
    if (!isRecord || end === at + recordHeaderBytes) break;
    records.push([at, end]);
    at = end;
  }
  return records;
}

/** The disk's functions, free of the disk. */
function bound(disk: Disk): Disk {
  return {
    names: (directory) => disk.names(directory),
    size: (path) => disk.size(path),
    read: (path, bytesMax) => disk.read(path, bytesMax),
    readInto: (buffer, path, from) => disk.readInto(buffer, path, from),
    remove: (path) => disk.remove(path),
    rename: (from, to) => disk.rename(from, to),
    preallocate: (path, bytes) => disk.preallocate(path, bytes),
    preallocateAside: (path, bytes) => disk.preallocateAside(path, bytes),
    syncNames: (directory) => disk.syncNames(directory),
    open: (path) => disk.open(path),
    randomBytes: (count) => disk.randomBytes(count),
  };
}

function withRemovals(rows: Table): Table {
  return {
    get: (key) => rows.get(key),
    getBinaryFast: (key) => rows.getBinaryFast(key),
    getRange: (range) => rows.getRange(range),
    getKeys: (range) => rows.getKeys(range),
    countKeys: (range) => rows.countKeys(range),
    lastKey: (range) => rows.lastKey(range),
    putSync: (key, value) =>
      rows.get(key) === undefined ? rows.putSync(key, value) : rows.removeSync(key),
    removeSync: (key) => rows.removeSync(key),
    getStats: () => rows.getStats(),
  };
}

function withoutExpiry(view: StoreView): StoreView {
  return {
    ...boundView(view),
    readRow: (table, key) => {
      const row = view.readRow(table, key);
      return row === undefined ? undefined : { ...row, expiresAtMs: 0 };
    },
  };
}

function withoutFirstMessage(view: StoreView): StoreView {
  return {
    ...boundView(view),
    readMessages: (range) => {
      const messages = view.readMessages(range);
      return messages.length > 1 ? messages.slice(1) : messages;
    },
  };
}

function boundView(view: StoreView): StoreView {
  return {
    readRow: (table, key) => view.readRow(table, key),
    readMessages: (range) => view.readMessages(range),
    readMailbox: (address, limits) => view.readMailbox(address, limits),
    readMailboxes: (range) => view.readMailboxes(range),
    readTimers: (range) => view.readTimers(range),
    readRecords: (range) => view.readRecords(range),
  };
}

function withoutOpen(sink: Sink): Sink {
  return {
    ...(sink.writeRecordsMax === undefined ? {} : { writeRecordsMax: sink.writeRecordsMax }),
    open: () => Promise.resolve(),
    write: (records) => sink.write(records),
    close: () => sink.close(),
  };
}
