import type { Disk, DiskFile } from "../../src/store/disk.js";
import type { Random } from "../support/random.js";
import type { Faults } from "./faults.js";
import { plannedFault } from "./planned-fault.js";
import type { Scope } from "./timeline.js";

/** What a disk writes whole or not at all, in bytes. */
const sectorBytes = 512;

/** The content of a file. Names come and go; this is what they name. */
interface Content {
  bytes: Buffer;
}

/** A change of names that syncNames() has not made durable. */
type NameChange =
  | { readonly kind: "set"; readonly path: string; readonly content: Content }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string };

/** A write that has been asked for and is not done. */
interface PendingWrite {
  readonly content: Content;
  readonly data: Buffer;
  readonly at: number;
}

/** Thrown by the disk at the moment at which the node dies; nothing that catches it lives on. */
export class DiskGone extends Error {
  override readonly name = "DiskGone";
}

export interface SimulatedDiskOptions {
  readonly random: Random;
  readonly faults: Faults;
  readonly segmentBytes: number;
  /** Told of bytes of a file that are durable now. */
  readonly onDurable: (data: Buffer) => void;
}

/**
 * The disk of a simulated node. It outlives the node: crash() is what the power cut or the end of the
 * process leaves.
 *
 * While power is cut, changes of names that were not made durable happen or do not, each by itself
 * but in their order, and the sectors of a write that is under way are written or not. When only the
 * process ends, everything is there that was done, and a part of what was under way.
 */
export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions;
  #names = new Map<string, Content>();
  #durableNames = new Map<string, Content>();
  #nameChanges: NameChange[] = [];
  readonly #pending = new Set<PendingWrite>();
  /** Of the node that uses the disk now. */
  #scope: Scope;
  /** Calls until the node dies within one; -1: it does not. */
  #callsLeft = -1;
  #isGone = false;
  /** The node has opened a file: further ones are those it switches to. */
  #isOpen = false;

  constructor(options: SimulatedDiskOptions, scope: Scope) {
    this.#options = options;
    this.#scope = scope;
  }

  /** A new node uses the disk. */
  attach(scope: Scope): void {
    this.#scope = scope;
    this.#isOpen = false;
  }

  /** The node dies within a call that changes something, after so many more. */
  dieWithin(calls: number): void {
    this.#callsLeft = calls;
  }

  /** The node does not die that way after all. */
  survive(): void {
    this.#callsLeft = -1;
  }

  /** The node has died within a call of the disk. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get isWriting(): boolean {
    return this.#pending.size > 0;
  }

  /** The node ends. What it has not made durable may be lost if the power is cut with it. */
  crash(isPowerCut: boolean): void {
    const { random, faults } = this.#options;
    for (const write of this.#pending) this.#tear(write, isPowerCut);
    this.#pending.clear();
    if (isPowerCut) {
      const changes = this.#nameChanges.filter(() => {
        const isKept = random.oneIn(2);
        if (!isKept) faults.note("name lost in a crash");
        return isKept;
      });
      this.#names = new Map(this.#durableNames);
      for (const change of changes) applyChange(this.#names, change);
    }
    this.#durableNames = new Map(this.#names);
    this.#nameChanges = [];
    this.#callsLeft = -1;
    this.#isGone = false;
  }

  names(directory: string): readonly string[] {
    const prefix = `${directory}/`;
    return [...this.#names.keys()].map((path) => path.slice(prefix.length)).sort();
  }

  size(path: string): number {
    return this.#content(path).bytes.length;
  }

  read(path: string, bytesMax = Number.POSITIVE_INFINITY): Buffer {
    return Buffer.from(this.#content(path).bytes.subarray(0, bytesMax));
  }

  readInto(buffer: Buffer, path: string, from: number): Buffer {
    const count = this.#content(path).bytes.copy(buffer, 0, from);
    return buffer.subarray(0, count);
  }

  remove(path: string): void {
    this.#step();
    this.#content(path);
    this.#change({ kind: "remove", path });
  }

  rename(from: string, to: string): void {
    this.#step();
    this.#content(from);
    if (to.includes("/journal-")) this.#options.faults.note("segment used again");
    this.#change({ kind: "rename", from, to });
  }

  preallocate(path: string, bytes: number): void {
    this.#step();
    const { faults, segmentBytes } = this.#options;
    if (bytes > segmentBytes) faults.note("record larger than a segment");
    this.#change({ kind: "set", path, content: { bytes: Buffer.alloc(bytes) } });
  }

  preallocateAside(path: string, bytes: number): Promise<void> {
    const { random } = this.#options;
    this.#step();
    this.#change({ kind: "set", path, content: { bytes: Buffer.alloc(bytes) } });
    return new Promise((resolve) => {
      this.#scope.after(random.between(1, 20), "disk: a spare is ready", resolve);
    });
  }

  syncNames(_directory: string): void {
    this.#step();
    this.#durableNames = new Map(this.#names);
    this.#nameChanges = [];
  }

  open(path: string): DiskFile {
    if (this.#isOpen) this.#options.faults.note("segment switched");
    this.#isOpen = true;
    const content = this.#content(path);
    const { length } = content.bytes;
    return {
      bytes: length,
      writeSync: (data, at) => {
        this.#step();
        data.copy(content.bytes, at);
      },
      write: (data, at, callback) => this.#write({ content, data, at }, callback),
      close: () => undefined,
    };
  }

  randomBytes(count: number): Buffer {
    const { random } = this.#options;
    return Buffer.from(Array.from({ length: count }, () => random.below(256)));
  }

  #write(write: PendingWrite, callback: (error: Error | null) => void): void {
    const { random, faults, onDurable } = this.#options;
    const { content, data, at } = write;
    if (at + data.length > content.bytes.length)
      throw new Error("a write beyond the end of a file");
    this.#pending.add(write);
    const isSlow = faults.happens("slow write", 15);
    const delayMs = isSlow ? random.between(20, 400) : random.below(4);
    const fails = faults.happens("failing write", 250);
    this.#scope.after(delayMs, "disk: a write ends", () => {
      this.#pending.delete(write);
      if (fails) {
        this.#tear(write, true);
        callback(new Error(plannedFault));
        return;
      }
      // Only now: the data must not have changed since.
      data.copy(content.bytes, at);
      onDurable(data);
      callback(null);
    });
  }

  /** Some of the sectors are written. */
  #tear({ content, data, at }: PendingWrite, isAnyOrder: boolean): void {
    const { random, faults, onDurable } = this.#options;
    const end = at + data.length;
    const ahead = isAnyOrder ? 0 : random.below(data.length + 1);
    for (let from = at; from < end; ) {
      const to = Math.min(end, from - (from % sectorBytes) + sectorBytes);
      if (isAnyOrder ? random.oneIn(2) : to - at <= ahead) {
        data.copy(content.bytes, from, from - at, to - at);
      }
      from = to;
    }
    // What was not written may have been there before.
    if (data.equals(content.bytes.subarray(at, end))) onDurable(data);
    else faults.note("write torn by a crash");
  }

  #change(change: NameChange): void {
    applyChange(this.#names, change);
    this.#nameChanges.push(change);
  }

  #content(path: string): Content {
    const content = this.#names.get(path);
    if (content === undefined) throw new Error(`no file ${path}`);
    return content;
  }

  #step(): void {
    if (!this.#scope.isAlive || this.#isGone) throw new DiskGone(plannedFault);
    if (this.#callsLeft < 0) return;
    this.#callsLeft--;
    if (this.#callsLeft >= 0) return;
    this.#isGone = true;
    throw new DiskGone(plannedFault);
  }
}

function applyChange(names: Map<string, Content>, change: NameChange): void {
  if (change.kind === "set") {
    names.set(change.path, change.content);
    return;
  }
  if (change.kind === "remove") {
    names.delete(change.path);
    return;
  }
  const content = names.get(change.from);
  // What was renamed before, and did not happen, cannot be renamed on.
  if (content === undefined) return;
  names.delete(change.from);
  names.set(change.to, content);
}
