import { CheckpointError } from "./checkpoint-error.js";
import type { Lineage } from "./lineage.js";
import type { Manifest } from "./manifest.js";
import { objectsOf } from "./manifest.js";

export interface Retention {
  /** So many checkpoints stay, however old. */
  readonly countMin: number;
  /** Younger ones stay, however many. */
  readonly ageMs: number;
}

/**
 * Removes checkpoints that are not retained, then objects that no manifest names any more.
 *
 * INVARIANT: a manifest goes before its objects, so that whatever a manifest names is there. Only
 * objects whose number is taken are looked at: nobody can write a manifest that names them and does
 * not exist yet. Both hold when this dies at any point, when it runs in a process that is fenced
 * already, and beside another writer's upload.
 */
export class Garbage {
  readonly #lineage: Lineage;
  readonly #retention: Retention;
  /** Manifests never change: each is read once. */
  readonly #known = new Map<number, Manifest>();
  /** A process before this one may have died between a manifest and its objects. */
  #isSwept = false;

  constructor(lineage: Lineage, retention: Retention) {
    this.#lineage = lineage;
    this.#retention = retention;
  }

  /**
   * @param latest - The manifest that this process has just written.
   * @returns How many objects and manifests are gone.
   */
  async collect(latest: Manifest, nowMs: number): Promise<number> {
    const { store } = this.#lineage;
    const manifests = await this.#read(latest);
    const retained = new Set(this.#retained(manifests, nowMs));
    const expired = manifests.filter((manifest) => !retained.has(manifest));
    if (expired.length === 0 && this.#isSwept) return 0;
    for (const { number } of expired) {
      await store.delete(this.#lineage.manifestKey(number));
      this.#known.delete(number);
    }
    const named = new Set([...retained].flatMap(objectsOf).map(({ key }) => key));
    let removed = expired.length;
    for await (const { key, number } of this.#lineage.objects()) {
      if (number > latest.number || named.has(key)) continue;
      await store.delete(this.#lineage.objectKey(key));
      removed++;
    }
    this.#isSwept = true;
    return removed;
  }

  /** Every manifest up to the given one that can be read, oldest first. */
  async #read(latest: Manifest): Promise<Manifest[]> {
    this.#known.set(latest.number, latest);
    const manifests: Manifest[] = [];
    for (const number of await this.#lineage.numbers()) {
      if (number > latest.number) break;
      const manifest = this.#known.get(number) ?? (await this.#readOne(number));
      if (manifest === undefined) continue;
      this.#known.set(number, manifest);
      manifests.push(manifest);
    }
    return manifests;
  }

  /** A damaged manifest names nothing that anybody could restore. It stays, for people to find. */
  async #readOne(number: number): Promise<Manifest | undefined> {
    try {
      return await this.#lineage.read(number);
    } catch (error) {
      if (!(error instanceof CheckpointError) || error.code === "FORMAT_UNKNOWN") throw error;
      return undefined;
    }
  }

  /** A takeover has the state of a checkpoint before it, and counts for nothing unless it is last. */
  #retained(manifests: readonly Manifest[], nowMs: number): readonly Manifest[] {
    const { countMin, ageMs } = this.#retention;
    const checkpoints = manifests.filter(({ kind }) => kind === "checkpoint");
    const newest = new Set(countMin === 0 ? [] : checkpoints.slice(-countMin));
    const last = manifests.at(-1);
    return manifests.filter((manifest) => {
      const isYoung = manifest.kind === "checkpoint" && nowMs - manifest.createdAtMs < ageMs;
      return manifest === last || newest.has(manifest) || isYoung;
    });
  }
}
