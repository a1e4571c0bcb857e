/**
 * Where checkpoints are kept: keys and bytes, nothing else. Two implementations: s3-store.ts and
 * local-directory-store.ts; one contract test runs against both.
 *
 * CALLER: keys are lower-case letters, digits, "-", "." and "/", without empty parts. An object is
 * written whole and read whole, so it is at most objectBytesMax long. Nothing is ever overwritten:
 * a key is put at most once, or by putIfAbsent(). Calls may overlap.
 *
 * CALLEE: what a resolved put() or putIfAbsent() has written survives a crash of the store, and
 * every later get() and list() of anybody sees it. An object is there whole or not at all. After a
 * rejection nobody knows whether the call has taken effect. Errors are ObjectStoreError; one that
 * may pass has the code UNAVAILABLE. No message holds a secret.
 */
export interface ObjectStore {
  /** For messages: "file:/data/checkpoints", "s3://bucket/prefix". */
  readonly name: string;
  put(key: string, body: Buffer): Promise<void>;
  /**
   * Puts unless there is an object with this key: of all callers, at any time and on any machine,
   * exactly one gets true. False: somebody else's object is there, or one that an earlier,
   * unanswered call of the same caller has put.
   */
  putIfAbsent(key: string, body: Buffer): Promise<boolean>;
  /** Undefined: there is no such object. The bytes belong to the caller. */
  get(key: string): Promise<Buffer | undefined>;
  /**
   * The objects whose key begins with the prefix, which ends with "/", and comes after `after` ("":
   * from the first), in order of key: at most listKeysMax of them.
   */
  list(prefix: string, after: string): Promise<ObjectPage>;
  /** Resolves too when there is no such object. */
  delete(key: string): Promise<void>;
  /** Lets go of connections. Calls under way may reject. */
  close(): void;
}

export interface ObjectPage {
  readonly objects: readonly ObjectEntry[];
  /** There are more after the last one. */
  readonly more: boolean;
}

export interface ObjectEntry {
  readonly key: string;
  readonly bytes: number;
}

/** Entries of one page. */
export const listKeysMax = 1000;

/** What a value of the largest valueBytesMax and its key fit into, many times. */
export const objectBytesMax = 512 * 1024 * 1024;

export type ObjectStoreErrorCode =
  /** The store did not answer, or not in time, or that it is busy. Trying again may help. */
  | "UNAVAILABLE"
  /** The store does not let us: credentials, policy, permissions. */
  | "DENIED"
  /** There is no such bucket or directory, or the store cannot be what its URL says. */
  | "MISCONFIGURED";

export class ObjectStoreError extends Error {
  override readonly name = "ObjectStoreError";
  readonly code: ObjectStoreErrorCode;

  constructor(code: ObjectStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Every object under a prefix, page by page. */
export async function* listAll(
  store: Pick<ObjectStore, "list">,
  prefix: string,
): AsyncGenerator<ObjectEntry> {
  for (let after = ""; ; ) {
    const { objects, more } = await store.list(prefix, after);
    yield* objects;
    const last = objects.at(-1);
    if (!more || last === undefined) return;
    after = last.key;
  }
}
