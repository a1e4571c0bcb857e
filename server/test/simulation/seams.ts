import type { Command } from "../../src/core/command.js";
import type { Effects } from "../../src/core/effect.js";
import type { StoredImage, StoreView } from "../../src/core/store-view.js";
import type { Sink } from "../../src/egress/sink.js";
import type { Durability } from "../../src/loop/epoch-loop.js";
import type { Disk } from "../../src/store/disk.js";
import type { Tables } from "../../src/store/tables.js";

/**
 * Where the parts of the system meet. A planted bug is a change at one of them; without one, each
 * part has the real other one.
 */
export interface Seams {
  /** From ingresses, streams and egresses to the loop. */
  readonly submit: (submit: (command: Command) => void) => (command: Command) => void;
  /** From the loop to streams, ingresses and egresses. */
  readonly release: (release: (effects: Effects) => void) => (effects: Effects) => void;
  /** From the loop to the store. */
  readonly durability: (durability: Durability) => Durability;
  /** From the core to the tables. */
  readonly view: (view: StoreView) => StoreView;
  readonly image: (image: StoredImage) => StoredImage;
  /** From the store to the disk and to LMDB. */
  readonly disk: (disk: Disk) => Disk;
  readonly tables: (tables: Tables) => Tables;
  /** From an egress to its sink. */
  readonly sink: (sink: Sink) => Sink;
}

export const noPlants: Seams = {
  submit: (submit) => submit,
  release: (release) => release,
  durability: (durability) => durability,
  view: (view) => view,
  image: (image) => image,
  disk: (disk) => disk,
  tables: (tables) => tables,
  sink: (sink) => sink,
};
