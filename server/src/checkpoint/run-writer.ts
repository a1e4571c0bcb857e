import { ByteWriter } from "../codec/byte-writer.js";
import { writeChange } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import { ownMappingBytes } from "../store/own-mapping.js";
import type { Lineage } from "./lineage.js";
import type { StoredObject } from "./manifest.js";
import type { NewObject } from "./write-object.js";
import { describeObject, writeObject } from "./write-object.js";

/** Changes of one object before they are compressed; a single larger change goes alone. */
export const objectRawBytes = 4 * 1024 * 1024;

/** What changes are packed into: an object, and the change that fills it up. */
const bufferBytes = objectRawBytes + 256 * 1024;

/** Objects on their way at a time: enough to keep a wire busy, and a bound on memory. */
const puttingMax = 3;

/** What writes objects beside the thread that fills them. */
export interface ObjectPutter {
  /** As writeObject(). The bytes stay as they are until it has resolved. */
  write(object: NewObject, raw: Buffer): Promise<StoredObject>;
  close(): Promise<void>;
}

export interface RunWriterOptions {
  readonly lineage: Lineage;
  /** A name below the lineage that no object has had. */
  readonly nextName: () => string;
  /** Called when there is more than one object, at most once. Absent: this thread writes all of them. */
  readonly openPutter?: (() => ObjectPutter) | undefined;
}

/**
 * Writes runs for one manifest: packs changes into objects, each of which is written while the next
 * one fills. Memory is bounded by the objects on their way.
 */
export class RunWriter {
  readonly #options: RunWriterOptions;
  #putter: ObjectPutter | null = null;
  /** Filled again and again: memory that is new costs more than what is written into it. */
  readonly #free: ByteWriter[] = [];
  /** That another thread reads without a copy. */
  readonly #memory = new SharedArrayBuffer(ownMappingBytes);
  #parts = 0;
  #buffer = this.#allocate();
  /** Of the run: every object, and those that are not in the store yet. */
  #writing: Promise<StoredObject>[] = [];
  readonly #underWay = new Set<Promise<StoredObject>>();
  #bytes = 0;
  #rawBytes = 0;

  constructor(options: RunWriterOptions) {
    this.#options = options;
  }

  /** Of all runs so far, as stored. */
  get bytes(): number {
    return this.#bytes;
  }

  get rawBytes(): number {
    return this.#rawBytes;
  }

  /** Takes a change of the run, copied. True: call flush() before the next one. */
  add(change: TableChange): boolean {
    writeChange(this.#buffer, change);
    return this.#buffer.length >= objectRawBytes;
  }

  /** Sends what has gathered on its way; waits while too much is. */
  async flush(): Promise<void> {
    this.#putter ??= this.#options.openPutter?.() ?? null;
    await this.#send();
  }

  async #send(): Promise<void> {
    while (this.#underWay.size >= puttingMax) await Promise.race(this.#underWay);
    const filled = this.#buffer;
    this.#buffer = this.#free.pop() ?? this.#allocate();
    const { lineage, nextName } = this.#options;
    const raw = filled.view();
    const object = describeObject(nextName(), raw);
    const writing = this.#putter?.write(object, raw) ?? writeObject(lineage, object, raw);
    this.#writing.push(writing);
    this.#underWay.add(writing);
    writing.then(
      ({ bytes, rawBytes }) => {
        this.#underWay.delete(writing);
        this.#bytes += bytes;
        this.#rawBytes += rawBytes;
        this.#release(filled);
      },
      // Whoever awaits it next hears of it. Who knows what still reads its buffer.
      () => undefined,
    );
  }

  /** The next part of the memory: enough for all that are under way, but for those that outgrow it. */
  #allocate(): ByteWriter {
    const from = this.#parts++ * bufferBytes;
    const isInside = from + bufferBytes <= this.#memory.byteLength;
    return new ByteWriter(bufferBytes, (bytes) =>
      isInside && bytes === bufferBytes
        ? Buffer.from(this.#memory, from, bytes)
        : Buffer.from(new SharedArrayBuffer(bytes)),
    );
  }

  #release(buffer: ByteWriter): void {
    buffer.reset();
    if (buffer.raw.length === bufferBytes) this.#free.push(buffer);
  }

  /** Ends a run: its objects, all of them in the store. */
  async end(): Promise<readonly StoredObject[]> {
    if (this.#buffer.length > 0) await this.#send();
    const objects = await Promise.all(this.#writing);
    this.#writing = [];
    return objects;
  }

  /** Gives up what is on its way. */
  async close(): Promise<void> {
    await this.#putter?.close();
  }
}
