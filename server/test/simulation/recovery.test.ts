import assert from "node:assert/strict";
import { Store } from "../../src/store/store.js";
import { recordOf, rowChanges, rowTable } from "../support/epoch-records.js";
import { Random } from "../support/random.js";
import { Faults, faultKinds } from "./faults.js";
import { isPlanned } from "./planned-fault.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedTables } from "./simulated-tables.js";
import { type Scope, Timeline } from "./timeline.js";

// Goal: a start may die at any call of the disk, and so may the starts after it: the next one finds
// everything. Method: the real store on the simulated disk, dying once or twice in a row, at each pair
// of calls; what was not durable then is lost or not, by chance.

const segmentBytes = 8192;
/** More calls of the disk than any start makes. */
const callsMax = 12;

describe("a start that dies", () => {
  for (const isPowerCut of [false, true]) {
    const how = isPowerCut ? "when the power is cut" : "when it is killed";
    it(`leaves everything to the next one ${how}, and to the one after`, async () => {
      for (let first = 0; first <= callsMax; first++) {
        for (let second = 0; second <= callsMax; second++) {
          const home = new Home(BigInt(first * 100 + second));
          await home.append(1);
          await home.append(2);
          for (const calls of [first, second]) {
            home.crash(isPowerCut);
            home.disk.dieWithin(calls);
            home.start();
          }
          home.crash(isPowerCut);
          home.start();
          assert.equal(home.value, "2", `dies in call ${first}, then in call ${second}`);
          await home.append(3);
          home.crash(isPowerCut);
          home.start();
          assert.equal(home.value, "3", `${first}, ${second}: goes on`);
        }
      }
    });
  }
});

/** A disk and tables, and the store that uses them now. */
class Home {
  readonly disk: SimulatedDisk;
  readonly #tables = new SimulatedTables();
  readonly #timeline: Timeline;
  #scope: Scope;
  #store: Store | null = null;

  constructor(seed: bigint) {
    const random = new Random(seed);
    const faults = new Faults(random, new Set(faultKinds));
    this.#timeline = new Timeline(random);
    this.#scope = this.#timeline.scope();
    const onDurable = () => undefined;
    this.disk = new SimulatedDisk({ random, faults, segmentBytes, onDurable }, this.#scope);
    this.start();
  }

  /** The row that every epoch writes. */
  get value(): string {
    return Buffer.from(this.#store?.readRow(rowTable, "last")?.value ?? []).toString();
  }

  start(): void {
    this.#scope = this.#timeline.scope();
    this.disk.attach(this.#scope);
    this.#store = null;
    try {
      this.#store = new Store({
        directory: "/",
        journal: "/journal",
        segmentBytes,
        disk: this.disk,
        tables: this.#tables,
        createFolder: () => ({
          fold: () => Promise.reject(new Error("no folds here")),
          sweep: () => Promise.reject(new Error("no sweeps here")),
          close: () => Promise.resolve(),
        }),
        release: () => Promise.resolve(),
      });
    } catch (error) {
      if (!isPlanned(error)) throw error;
    }
  }

  crash(isPowerCut: boolean): void {
    this.#scope.end();
    this.disk.crash(isPowerCut);
  }

  async append(epoch: number): Promise<void> {
    assert.ok(this.#store !== null, "no store is open");
    const changes = rowChanges(epoch, { last: String(epoch) });
    const appended = this.#store.append(recordOf(changes), epoch);
    for (let event = this.#timeline.take(); event !== undefined; event = this.#timeline.take()) {
      event.act();
    }
    await appended;
  }
}
