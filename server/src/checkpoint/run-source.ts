import { ChangeReader } from "../codec/change-codec.js";
import type { TableChange } from "../codec/record-codec.js";
import type { TableName } from "../codec/table-layout.js";
import type { ChangeSource } from "./change-source.js";
import { CheckpointError } from "./checkpoint-error.js";
import type { Lineage } from "./lineage.js";
import type { Manifest, Run, StoredObject } from "./manifest.js";
import { hashOf } from "./manifest.js";
import { decodeBody } from "./object-body.js";
import { ReadAhead } from "./read-ahead.js";

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
  readonly #objects: ReadAhead<Buffer>;
  readonly #reader: ChangeReader;
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

  private constructor({ read, run, tables, ahead }: Parameters<typeof RunSource.open>[0]) {
    this.#objects = new ReadAhead(run.objects, read, ahead);
    this.#reader = new ChangeReader(tables);
  }

  advance(): Promise<void> | null {
    this.head = this.#reader.next();
    return this.head === null && this.#objects.hasMore ? this.#fill() : null;
  }

  async #fill(): Promise<void> {
    while (this.head === null && this.#objects.hasMore) {
      const raw = await this.#objects.next();
      if (raw !== undefined) this.#reader.fill(raw);
      this.head = this.#reader.next();
    }
  }
}
