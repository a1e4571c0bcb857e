import { CheckpointError } from "./checkpoint-error.js";
import type { Lineage } from "./lineage.js";
import type { Manifest, StoredObject } from "./manifest.js";
import { objectsOf } from "./manifest.js";
import { readObject } from "./run-source.js";

/** What a look at everything that a checkpoint names has found. */
export interface Verification {
  /** Null: the manifest itself is damaged. */
  readonly manifest: Manifest | null;
  readonly objects: number;
  readonly bytes: number;
  /** What is wrong, each with the name of its object. Empty: nothing. */
  readonly damage: readonly string[];
}

/** Objects that are read at a time. */
const readingMax = 4;

/**
 * Reads everything that a checkpoint names, and compares the hashes.
 *
 * `good`: keys that are known to be good, which are not read again; it grows. Checkpoints share most
 * of their objects.
 */
export async function verifyCheckpoint(
  lineage: Lineage,
  number: number,
  good: Set<string> = new Set(),
): Promise<Verification> {
  let manifest: Manifest;
  try {
    manifest = await lineage.read(number);
  } catch (error) {
    if (!(error instanceof CheckpointError) || error.code !== "CORRUPT") throw error;
    return { manifest: null, objects: 0, bytes: 0, damage: [error.message] };
  }
  const objects = objectsOf(manifest);
  const damage: string[] = [];
  const pending = objects.filter(({ key }) => !good.has(key)).values();
  const work = async (): Promise<void> => {
    for (const object of pending) {
      const found = await damageOf(lineage, object);
      if (found === null) good.add(object.key);
      else damage.push(found);
    }
  };
  await Promise.all(Array.from({ length: readingMax }, work));
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  return { manifest, objects: objects.length, bytes, damage };
}

async function damageOf(lineage: Lineage, object: StoredObject): Promise<string | null> {
  try {
    await readObject(lineage, object);
    return null;
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return error.message;
  }
}
