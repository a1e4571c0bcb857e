import { closeSync, fdatasync, openSync, rmSync, write, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { open } from "lmdb";
import { type Figures, LatencyRecorder } from "../figures.js";
import { instanceIds } from "../instance-id.js";
import { KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";
import { stateBytes } from "./frames.js";

/** The floors of the disk: what durability costs when nothing else is done. */

export const diskCommands = { synchronize, appendJournal, putBatches };
export type DiskCommands = typeof diskCommands;

const writeAsync = promisify(write);
const fdatasyncAsync = promisify(fdatasync);

/** One page of the disk: the least that a commit writes. */
const pageBytes = 4096;

/** A preallocated journal of this size is written over again from its start when it is full. */
const journalBytes = 64 * 1024 * 1024;

/** What a journal says about one change besides its id and its state: kind, table, lengths, epoch. */
const changeOverheadBytes = 10;

interface DiskOptions {
  readonly directory: string;
  readonly durationMs: number;
}

/** One page written and synchronized at a time, in a preallocated file. */
function synchronize(options: DiskOptions): Promise<Figures> {
  return appendRecords(options, pageBytes, 1);
}

/** Contiguous records of that many counter changes each, one fdatasync per record. */
function appendJournal(
  options: DiskOptions & { readonly changesPerRecord: number },
): Promise<Figures> {
  const changeBytes = (instanceIds(1)[0] ?? "").length + stateBytes + changeOverheadBytes;
  const recordBytes = changeBytes * options.changesPerRecord;
  return appendRecords(options, recordBytes, options.changesPerRecord);
}

async function appendRecords(
  options: DiskOptions,
  recordBytes: number,
  changesPerRecord: number,
): Promise<Figures> {
  await mkdir(options.directory, { recursive: true });
  const path = join(options.directory, "floor.journal");
  const file = openSync(path, "w");
  const zeros = Buffer.alloc(1024 * 1024);
  for (let filled = 0; filled < journalBytes; filled += zeros.length) writeSync(file, zeros);
  await fdatasyncAsync(file);
  const record = Buffer.alloc(recordBytes, 1);
  const latency = new LatencyRecorder();
  const startMs = performance.now();
  let position = 0;
  let records = 0;
  while (performance.now() - startMs < options.durationMs) {
    if (position + recordBytes > journalBytes) position = 0;
    const beganMs = performance.now();
    await writeAsync(file, record, 0, recordBytes, position);
    await fdatasyncAsync(file);
    latency.recordMs(performance.now() - beganMs);
    position += recordBytes;
    records += 1;
  }
  const seconds = (performance.now() - startMs) / 1000;
  closeSync(file);
  rmSync(path);
  return { perSecond: (records * changesPerRecord) / seconds, ...latency.figures() };
}

/** Counter states put into an LMDB table of so many keys, scattered, one durable commit a batch. */
async function putBatches(
  options: DiskOptions & { readonly keys: number; readonly putsPerCommit: number },
): Promise<Figures> {
  const path = join(options.directory, `floor-${options.keys}.lmdb`);
  const table = open<Uint8Array, string>({
    path,
    encoding: "binary",
    mapSize: 2 ** 32,
    maxDbs: 1,
  });
  const ids = instanceIds(options.keys);
  const value = Buffer.alloc(stateBytes, 1);
  if ((table.getStats() as { readonly entryCount: number }).entryCount !== options.keys) {
    await table.transaction(() => {
      for (const id of ids) void table.put(id, value);
    });
    await table.flushed;
  }
  const keys = new KeySequence(options.keys, "uniform", 2);
  const latency = new LatencyRecorder();
  const startMs = performance.now();
  let puts = 0;
  while (performance.now() - startMs < options.durationMs) {
    const beganMs = performance.now();
    let last: Promise<boolean> | undefined;
    for (let put = 0; put < options.putsPerCommit; put += 1) {
      last = table.put(ids[keys.next()] ?? "", value);
    }
    await last;
    await table.flushed;
    latency.recordMs(performance.now() - beganMs);
    puts += options.putsPerCommit;
  }
  const seconds = (performance.now() - startMs) / 1000;
  await table.close();
  return { perSecond: puts / seconds, ...latency.figures() };
}

serveCommands(diskCommands);
