import type { ObjectStore } from "./object-store.js";

/** A store that is opened by its first call. `open` does not reject. */
export function openWhenAsked(name: string, open: () => Promise<ObjectStore>): ObjectStore {
  let opened: Promise<ObjectStore> | null = null;
  const ask = async <T>(call: (store: ObjectStore) => Promise<T>): Promise<T> => {
    opened ??= open();
    return call(await opened);
  };
  return {
    name,
    put: (key, body) => ask((store) => store.put(key, body)),
    putIfAbsent: (key, body) => ask((store) => store.putIfAbsent(key, body)),
    get: (key) => ask((store) => store.get(key)),
    list: (prefix, after) => ask((store) => store.list(prefix, after)),
    delete: (key) => ask((store) => store.delete(key)),
    close: () => void opened?.then((store) => store.close()),
  };
}
