import { CheckpointError } from "./checkpoint-error.js";
import type { Manifest } from "./manifest.js";
import { decodeManifest, encodeManifest } from "./manifest.js";
import type { ObjectStore } from "./objectstore/object-store.js";
import { listAll } from "./objectstore/object-store.js";

/**
 * One history of checkpoints in a store, and the only one that one application has at a time.
 *
 *     LINEAGE/manifests/000000000007
 *     LINEAGE/objects/000000000007-0a1b2c3d-000000
 *
 * The number in an object's key is that of the manifest that it was written for. Nobody writes
 * objects for a number that a manifest has already, so an object with such a number that no
 * manifest names never will be named.
 */
export class Lineage {
  readonly store: ObjectStore;
  readonly name: string;

  constructor(store: ObjectStore, name: string) {
    this.store = store;
    this.name = name;
  }

  /** For messages. */
  get address(): string {
    return `${this.store.name}/${this.name}`;
  }

  manifestKey(number: number): string {
    return `${this.name}/manifests/${padded(number)}`;
  }

  /** The full key of an object that a manifest names. */
  objectKey(key: string): string {
    return `${this.name}/${key}`;
  }

  /** Numbers of all manifests, rising. */
  async numbers(): Promise<number[]> {
    const numbers: number[] = [];
    for await (const { key } of listAll(this.store, `${this.name}/manifests/`)) {
      const digits = /\/(\d{12})$/.exec(key)?.[1];
      if (digits !== undefined) numbers.push(Number(digits));
    }
    return numbers;
  }

  /** Objects, with the number of the manifest that they were written for. */
  async *objects(): AsyncGenerator<{ readonly key: string; readonly number: number }> {
    for await (const { key } of listAll(this.store, `${this.name}/objects/`)) {
      const [, name = "", digits = ""] = /\/(objects\/(\d{12})-[^/]*)$/.exec(key) ?? [];
      if (name !== "") yield { key: name, number: Number(digits) };
    }
  }

  /** @throws CheckpointError CORRUPT, FORMAT_UNKNOWN; NOT_FOUND when there is none of that number. */
  async read(number: number): Promise<Manifest> {
    const key = this.manifestKey(number);
    const bytes = await this.store.get(key);
    if (bytes === undefined) {
      throw new CheckpointError("NOT_FOUND", `there is no checkpoint ${number} in ${this.address}`);
    }
    return decodeManifest(bytes, `${this.store.name}/${key}`);
  }

  /** The manifest with the highest number; undefined: there is none. */
  async latest(): Promise<Manifest | undefined> {
    const number = (await this.numbers()).at(-1);
    return number === undefined ? undefined : await this.read(number);
  }

  /**
   * Makes a manifest exist, unless its number is taken.
   * @returns The manifest that has the number now: the given one, or another. Another may be of the
   * same writer, by an earlier call that was never answered.
   */
  async commit(manifest: Manifest): Promise<Manifest> {
    const body = encodeManifest(manifest);
    if (await this.store.putIfAbsent(this.manifestKey(manifest.number), body)) return manifest;
    const found = await this.read(manifest.number);
    return encodeManifest(found).equals(body) ? manifest : found;
  }
}

/** Where the nth object that a writer writes goes, for a manifest of that number. */
export function objectName(
  written: { readonly number: number; readonly incarnation: string },
  index: number,
): string {
  const writer = written.incarnation.slice(0, 8);
  return `objects/${padded(written.number)}-${writer}-${String(index).padStart(6, "0")}`;
}

function padded(number: number): string {
  return String(number).padStart(12, "0");
}
