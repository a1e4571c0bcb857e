import { randomBytes } from "node:crypto";
import type { ObjectStore } from "statewire/dist/src/checkpoint/objectstore/object-store.js";
import type { StoreAccess } from "statewire/dist/src/checkpoint/objectstore/open-store.js";
import { openObjectStore } from "statewire/dist/src/checkpoint/objectstore/open-store.js";
import type { Figures } from "../figures.js";
import { measured } from "./measured.js";

/** Where checkpoints go in one series. */
export interface StorePlace {
  readonly url: string;
  readonly access: StoreAccess;
}

/** As large as a checkpoint's objects before compression. */
const objectBytes = 4 * 1024 * 1024;
const atOnce = 4;

/** What the store takes and gives when nothing but bytes are moved, as many at once as we do. */
export async function measureRawStore(options: {
  readonly place: StorePlace;
  readonly bytes: number;
}): Promise<Figures> {
  const { place, bytes } = options;
  const store = openObjectStore(place.url, place.access);
  const body = randomBytes(objectBytes);
  const keys = Array.from({ length: Math.ceil(bytes / objectBytes) }, (_, at) => `raw/o${at}`);
  const puts = await measured(() => inTurns(keys, (key) => store.put(key, body)));
  const gets = await measured(() => inTurns(keys, (key) => store.get(key)));
  await inTurns(keys, (key) => store.delete(key));
  store.close();
  const total = keys.length * objectBytes;
  return {
    putMBps: total / 1e3 / puts.wallMs,
    getMBps: total / 1e3 / gets.wallMs,
    putCpuMsPerMB: (puts.cpuMs * 1e6) / total,
    getCpuMsPerMB: (gets.cpuMs * 1e6) / total,
  };
}

/** Removes everything under a prefix. */
export async function empty(store: ObjectStore, prefix: string): Promise<void> {
  for (;;) {
    const { objects } = await store.list(prefix, "");
    if (objects.length === 0) return;
    await inTurns(
      objects.map(({ key }) => key),
      (key) => store.delete(key),
    );
  }
}

async function inTurns(
  keys: readonly string[],
  act: (key: string) => Promise<unknown>,
): Promise<void> {
  const pending = keys.values();
  const work = async (): Promise<void> => {
    for (const key of pending) await act(key);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
