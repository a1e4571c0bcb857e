import { ByteWriter } from "../codec/byte-writer.js";
import { writeChange } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import { collectGarbage } from "../store/collect-garbage.js";
import type { Lineage } from "./lineage.js";
import type { StoredObject } from "./manifest.js";
import { hashOf } from "./manifest.js";
import { encodeBody } from "./object-body.js";

/** Changes of one object before they are compressed; a single larger change goes alone. */
export const objectRawBytes = 4 * 1024 * 1024;

/** What changes are packed into: an object, and the change that fills it up. */
const bufferBytes = objectRawBytes + 256 * 1024;

/** Objects on their way at a time: enough to keep a wire busy, and a bound on memory. */
const puttingMax = 4;

/** What an object leaves behind is as large as it, and outside of the heap, where nobody looks for it. */
const collectEvery = 4;

/** What puts objects beside the thread that fills them. */
export interface ObjectPutter {
  /** As ObjectStore.put(). */
  put(key: string, body: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface RunWriterOptions {
  readonly lineage: Lineage;
  /** A name below the lineage that no object has had. */
  readonly nextName: () => string;
  /** Called when there is more than one object, at most once. Absent: the lineage's store puts all. */
  readonly openPutter?: (() => ObjectPutter) | undefined;
}

/**
 * Writes runs for one manifest: packs changes into objects, compresses and hashes each, and puts it
 * into the store while the next one fills. Memory is bounded by the objects on their way.
 */
export class RunWriter {
  readonly #options: RunWriterOptions;
  #putter: ObjectPutter | null = null;
  /** Filled again and again: memory that is new costs more than what is written into it. */
  readonly #free: ByteWriter[] = [];
  #buffer = new ByteWriter(bufferBytes, allocateShared);
  readonly #putting = new Set<Promise<void>>();
  #objects: StoredObject[] = [];
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
    while (this.#putting.size >= puttingMax) await Promise.race(this.#putting);
    const filled = this.#buffer;
    this.#buffer = this.#free.pop() ?? new ByteWriter(bufferBytes, allocateShared);
    const raw = filled.view();
    const { body, encoding } = encodeBody(raw);
    const object = {
      key: this.#options.nextName(),
      sha256: hashOf(body),
      bytes: body.length,
      rawBytes: raw.length,
      encoding,
    };
    this.#objects.push(object);
    if (this.#objects.length % collectEvery === 0) collectGarbage();
    this.#bytes += object.bytes;
    this.#rawBytes += object.rawBytes;
    const { lineage } = this.#options;
    const putting = (this.#putter ?? lineage.store).put(lineage.objectKey(object.key), body);
    this.#putting.add(putting);
    putting.then(
      () => {
        this.#putting.delete(putting);
        this.#release(filled);
      },
      // Whoever awaits it next hears of it. Who knows what still reads its buffer.
      () => undefined,
    );
  }

  #release(buffer: ByteWriter): void {
    buffer.reset();
    if (buffer.raw.length === bufferBytes) this.#free.push(buffer);
  }

  /** Ends a run: its objects, all of them in the store. */
  async end(): Promise<readonly StoredObject[]> {
    if (this.#buffer.length > 0) await this.#send();
    await Promise.all(this.#putting);
    const objects = this.#objects;
    this.#objects = [];
    return objects;
  }

  /** Gives up what is on its way. */
  async close(): Promise<void> {
    await this.#putter?.close();
  }
}

/** Memory that another thread reads without a copy. */
function allocateShared(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}
