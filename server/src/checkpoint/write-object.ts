import type { Lineage } from "./lineage.js";
import type { StoredObject } from "./manifest.js";
import { hashOf } from "./manifest.js";
import { chooseEncoding, encodeBody } from "./object-body.js";

/** An object that is to be written. */
export interface NewObject {
  /** Below the lineage; no object has had it. */
  readonly key: string;
  readonly encoding: StoredObject["encoding"];
  /** Of what is stored; null: it is known when that has been compressed. */
  readonly sha256: string | null;
}

/**
 * Decides how an object is stored. Bytes that stay as they are get their hash here: the thread that
 * fills objects and the one that writes them have about as much to do then, and where the second one
 * compresses it has more.
 */
export function describeObject(key: string, raw: Buffer): NewObject {
  const encoding = chooseEncoding(raw);
  return { key, encoding, sha256: encoding === "none" ? hashOf(raw) : null };
}

/**
 * Compresses an object's changes where that gains something, and puts it. Reads the bytes until it
 * has resolved.
 *
 * @returns What a manifest says of it.
 * @throws ObjectStoreError
 */
export async function writeObject(
  lineage: Lineage,
  { key, encoding, sha256: known }: NewObject,
  raw: Buffer,
): Promise<StoredObject> {
  const body = encodeBody(raw, encoding);
  const sha256 = known ?? hashOf(body);
  await lineage.store.put(lineage.objectKey(key), body);
  return { key, sha256, bytes: body.length, rawBytes: raw.length, encoding };
}
