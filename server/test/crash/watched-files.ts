import fs from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Phase } from "./disk-step.js";

type Call = (...words: unknown[]) => unknown;
type Calls = Readonly<Record<string, Call>>;

export interface FileWatch {
  /** Names a file; null: it is of no interest. */
  readonly placeOf: (path: string) => string | null;
  /**
   * Called on the thread that takes the step, which waits for it. `tear` does the first half of what
   * is going to be written.
   */
  readonly reach: (phase: Phase, step: string, tear: () => void) => void;
}

/** A step of the disk. Null: it is none that is watched. */
interface Step {
  readonly name: string | null;
  readonly tear: () => void;
}

const nothing = (): void => undefined;

/**
 * Tells of every step of this thread that changes what is on the disk, as it calls the system through
 * node:fs: so a process is watched without a word about it in its own code. A transaction of LMDB,
 * which calls the system by itself, is known by the question for room that goes before it.
 */
export class WatchedFiles {
  readonly #watch: FileWatch;
  readonly #system = { ...fs } as unknown as Calls;
  readonly #paths = new Map<number, string>();
  #isInside = false;
  #knowsHandles = false;

  constructor(watch: FileWatch) {
    this.#watch = watch;
  }

  /** From now on. */
  begin(): void {
    for (const [name, verb] of Object.entries(onOneFile)) {
      this.#put(name, (...words) =>
        this.#during(this.#step(verb, words), () => this.#call(name, words)),
      );
    }
    for (const [name, verb] of Object.entries(onTwoFiles)) {
      this.#put(name, (...words) =>
        this.#during(this.#move(verb, words), () => this.#call(name, words)),
      );
    }
    this.#put("openSync", (...words) => {
      const file = this.#during(this.#creation(words), () => this.#call("openSync", words));
      this.#paths.set(file as number, String(words[0]));
      return file;
    });
    for (const [name, verb] of Object.entries(withCallback)) {
      this.#put(name, (...words) => this.#callAside(name, verb, words));
    }
    this.#replacePromises();
    syncBuiltinESMExports();
  }

  /** A call with a function that is called at its end. */
  #callAside(name: string, verb: string, words: unknown[]): unknown {
    const step = this.#step(verb, words);
    this.#reach("before", step);
    const done = words.pop() as Call;
    return this.#call(name, [
      ...words,
      (...outcome: unknown[]) => {
        this.#reach("after", step);
        done(...outcome);
      },
    ]);
  }

  #replacePromises(): void {
    const { open, rename } = fs.promises;
    Object.assign(fs.promises, {
      rename: (from: string, to: string) =>
        this.#during(this.#move("rename", [from, to]), () => rename(from, to)),
      open: async (path: string, flags: string, mode?: number) => {
        const step = this.#creation([path, flags]);
        const handle = await this.#during(step, () => open(path, flags, mode));
        this.#paths.set(handle.fd, path);
        if (!this.#knowsHandles) this.#replaceHandles(handle);
        return handle;
      },
    });
  }

  /** Node shows the class of its handles to nobody: it is found by the first one. */
  #replaceHandles(handle: FileHandle): void {
    this.#knowsHandles = true;
    const methods = Object.getPrototypeOf(handle) as Record<string, Call>;
    const during = (verb: string, file: number, words: unknown[], act: () => unknown) =>
      this.#during(this.#step(verb, [file, ...words]), act);
    for (const [name, verb] of Object.entries(ofHandles)) {
      const method = methods[name] as Call;
      methods[name] = function (this: FileHandle, ...words) {
        return during(verb, this.fd, words, () => method.apply(this, words));
      };
    }
  }

  #put(name: string, call: Call): void {
    Object.assign(fs, { [name]: call });
  }

  #call(name: string, words: readonly unknown[]): unknown {
    return (this.#system[name] as Call)(...words);
  }

  /** What Node calls within a step, on its own account, is a part of it. */
  #during<T>(step: Step, act: () => T): T {
    if (step.name === null || this.#isInside) return act();
    this.#reach("before", step);
    this.#isInside = true;
    try {
      const result = act();
      if (result instanceof Promise) result.then(() => this.#reach("after", step), nothing);
      else this.#reach("after", step);
      return result;
    } finally {
      this.#isInside = false;
    }
  }

  #reach(phase: Phase, { name, tear }: Step): void {
    if (name === null) return;
    this.#watch.reach(phase, name, nothing);
    if (phase === "before" && name.startsWith("write ")) this.#watch.reach("within", name, tear);
  }

  #step(verb: string, words: readonly unknown[]): Step {
    const place = this.#placeOf(words[0]);
    const name = place === null ? null : `${verb} ${place}`;
    return { name, tear: () => this.#writeHalf(words) };
  }

  #move(verb: string, [from, to]: readonly unknown[]): Step {
    const [source, place] = [this.#placeOf(from), this.#placeOf(to)];
    return { name: place === null ? null : `${verb} ${source} to ${place}`, tear: nothing };
  }

  /** To open a file is a step when that makes or empties it. */
  #creation([path, flags]: readonly unknown[]): Step {
    const place = /^[wa]/.test(String(flags)) ? this.#placeOf(path) : null;
    return { name: place === null ? null : `create ${place}`, tear: nothing };
  }

  #placeOf(file: unknown): string | null {
    const path = typeof file === "number" ? this.#paths.get(file) : String(file);
    return path === undefined ? null : this.#watch.placeOf(path);
  }

  /** What write() and its like were called with, but half as much of it. */
  #writeHalf([file, data, offset, length, position]: readonly unknown[]): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : (data as Buffer);
    const start = typeof data !== "string" && typeof offset === "number" ? offset : 0;
    const count = typeof length === "number" ? length : bytes.length - start;
    const at = typeof position === "number" ? position : null;
    const target = typeof file === "number" ? file : this.#call("openSync", [file, "w"]);
    this.#call("writeSync", [target, bytes, start, count >> 1, at]);
  }
}

const onOneFile = {
  writeSync: "write",
  writeFileSync: "write",
  fsyncSync: "sync",
  fdatasyncSync: "sync",
  ftruncateSync: "truncate",
  rmSync: "remove",
  unlinkSync: "remove",
  mkdirSync: "make",
  statfsSync: "transaction in",
};

const withCallback = { write: "write", fsync: "sync", unlink: "remove" };

const onTwoFiles = { renameSync: "rename", linkSync: "link" };

const ofHandles = { write: "write", datasync: "sync", sync: "sync", truncate: "truncate" };
