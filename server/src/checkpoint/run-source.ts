import { ChangeReader } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import type { TableName } from "../codec/table-layout.js";
import type { ChangeSource } from "./change-source.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { Lineage } from "./lineage.js";
import type { Manifest, Run, StoredObject } from "./manifest.js";
import { hashOf } from "./manifest.js";
import { decodeBody } from "./object-body.js";

/** Objects that one run has asked for ahead. */
const aheadMax = 3;

/**
 * Fetches an object and checks that it is the one that the manifest names.
 * @returns What was compressed.
 * @throws CheckpointError CORRUPT, naming the object.
 */
export async function readObject(lineage: Lineage, object: StoredObject): Promise<Buffer> {
  const name = `${lineage.address}/${object.key}`;
  const body = await lineage.store.get(lineage.objectKey(object.key));
  if (body === undefined) throw new CheckpointError("CORRUPT", `object ${name} is missing`);
  if (body.length !== object.bytes || hashOf(body) !== object.sha256) {
    const found = `${body.length} bytes with SHA-256 ${hashOf(body)}`;
    const named = `the manifest names ${object.bytes} with ${object.sha256}`;
    throw new CheckpointError("CORRUPT", `object ${name} is damaged: ${found}; ${named}`);
  }
  return decodeBody(body, object);
}

/** Gives what an object holds. @throws as readObject() */
export type ReadObject = (object: StoredObject) => Promise<Buffer>;

/** Opens the runs of a manifest, oldest first. Few runs are read ahead, many one object at a time. */
export function openRuns(
  lineage: Lineage,
  { runs, tables }: Pick<Manifest, "runs" | "tables">,
  read: ReadObject = (object) => readObject(lineage, object),
): Promise<RunSource[]> {
  const ahead = runs.length > 4 * aheadMax ? 0 : aheadMax;
  return Promise.all(runs.map((run) => RunSource.open({ read, run, tables, ahead })));
}

/** The changes of one run of a checkpoint. */
export class RunSource implements ChangeSource {
  readonly #read: ReadObject;
  readonly #objects: readonly StoredObject[];
  readonly #reader: ChangeReader;
  readonly #ahead: number;
  readonly #coming: Promise<Buffer>[] = [];
  #asked = 0;
  head: TableChange | null = null;

  static async open(options: {
    readonly read: ReadObject;
    readonly run: Run;
    readonly tables: readonly TableName[];
    readonly ahead: number;
  }): Promise<RunSource> {
    const source = new RunSource(options);
    await source.advance();
    return source;
  }

  private constructor(options: Parameters<typeof RunSource.open>[0]) {
    const { read, run, tables, ahead } = options;
    this.#read = read;
    this.#objects = run.objects;
    this.#reader = new ChangeReader(tables);
    this.#ahead = ahead;
  }

  advance(): Promise<void> | null {
    this.head = this.#reader.next();
    return this.head === null && this.#hasMore ? this.#fill() : null;
  }

  get #hasMore(): boolean {
    return this.#coming.length > 0 || this.#asked < this.#objects.length;
  }

  async #fill(): Promise<void> {
    while (this.head === null && this.#hasMore) {
      this.#ask();
      const raw = await this.#coming.shift();
      this.#ask();
      if (raw !== undefined) this.#reader.fill(raw);
      this.head = this.#reader.next();
    }
  }

  #ask(): void {
    while (this.#coming.length < this.#ahead + 1) {
      const object = this.#objects[this.#asked];
      if (object === undefined) return;
      this.#asked++;
      const coming = this.#read(object);
      // It may fail before anybody waits for it, or when nobody does any more.
      coming.catch(() => undefined);
      this.#coming.push(coming);
    }
  }
}
