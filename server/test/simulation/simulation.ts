import { parseAddress } from "../../src/core/address.js";
import type { Machine } from "../../src/core/machine.js";
import { assertInvariants } from "../support/core-invariants.js";
import { Random } from "../support/random.js";
import { Client } from "./client.js";
import { EventLog } from "./event-log.js";
import { type Coverage, type FaultKind, Faults } from "./faults.js";
import { GoneLetters } from "./gone-letters.js";
import { Host } from "./host.js";
import type { FunctionState } from "./ledger.js";
import { decodeState, stateNames } from "./ledger.js";
import { randomLimits } from "./limits.js";
import { Oracle } from "./oracle.js";
import { addresses, unservedAddress } from "./program.js";
import type { Root } from "./root.js";
import { RunBook } from "./run-book.js";
import { noPlants, type Seams } from "./seams.js";
import { SequencedSource } from "./sequenced-source.js";
import type { SimulatedNode } from "./simulated-node.js";
import { Timeline } from "./timeline.js";
import { Verdict } from "./verdict.js";
import type { World } from "./world.js";

export interface SimulationOptions {
  readonly seed: bigint;
  /** Kinds of faults that do not happen. */
  readonly without?: ReadonlySet<FaultKind>;
  /** Messages from outside, in per cent of what the seed would have. */
  readonly loadPercent?: number;
  readonly seams?: Seams;
}

/** How a simulation ended. */
export interface Outcome {
  readonly seed: bigint;
  /** What should not have been; null: nothing. */
  readonly problem: Error | null;
  readonly steps: number;
  /** Messages that have taken effect. */
  readonly messages: number;
  readonly crashes: number;
  readonly coverage: Coverage;
  readonly log: EventLog;
}

/** Steps after which nothing goes wrong any more, whether all is done or not. */
const stormStepsMax = 4000;
/** Steps within which everything must have come to rest. */
const restStepsMax = 40_000;

/** Runs one simulated world from its beginning to its end. The seed decides everything. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const simulation = new Simulation(options);
  await simulation.run();
  return simulation.outcome();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #host: Host;
  readonly #sequenced: readonly SequencedSource[];
  readonly #clients: readonly Client[];
  #steps = 0;
  #messages = 0;

  constructor(options: SimulationOptions) {
    const random = new Random(options.seed);
    const timeline = new Timeline(random.fork("order"));
    const limits = randomLimits(random.fork("limits"));
    this.#options = options;
    this.#world = {
      random: random.fork("world"),
      timeline,
      log: new EventLog(timeline),
      faults: new Faults(random.fork("faults"), options.without ?? new Set()),
      verdict: new Verdict(),
      book: new RunBook(limits.lifetimes),
      gone: new GoneLetters(),
      limits,
      seams: options.seams ?? noPlants,
      watched: { checkpointedEpoch: 0 },
    };
    const world = this.#world;
    const sources = random.fork("sources");
    const load = (options.loadPercent ?? 100) / 100;
    const plan = (most: number) => ({
      world: { ...world, random: sources.fork(`${most}`) },
      count: Math.ceil(sources.between(1, most) * load),
      spacingMs: sources.pick([0, 5, 40]),
    });
    const windowMax = sources.pick([1, 4, 20]);
    this.#sequenced = [
      new SequencedSource({ ...plan(10), name: "stream-a", windowMax, resumes: "resends" }),
      new SequencedSource({ ...plan(8), name: "stream-b", windowMax, resumes: "resends" }),
      new SequencedSource({ ...plan(9), name: "file", windowMax: 8, resumes: "asks" }),
    ];
    this.#clients = [
      new Client({ ...plan(7), name: "keyed", hasKeys: true }),
      new Client({ ...plan(5), name: "plain", hasKeys: false }),
    ];
    this.#host = new Host({
      world,
      onUp: (node, scope) => {
        for (const source of [...this.#sequenced, ...this.#clients]) {
          source.connect(node.requests, scope);
        }
      },
    });
  }

  async run(): Promise<void> {
    const { verdict, faults } = this.#world;
    try {
      this.#host.start();
      await this.#until(stormStepsMax, () => this.#isSourcesDone);
      faults.calm();
      this.#host.renewServers();
      const isAtRest = await this.#until(this.#steps + restStepsMax, () => this.#isAtRest);
      if (verdict.problem !== null) return;
      verdict.check(isAtRest, () => `the system does not come to rest: ${this.#unrest()}`);
      await this.#end();
    } catch (error) {
      verdict.broke(error);
    }
  }

  outcome(): Outcome {
    const { verdict, faults, log } = this.#world;
    return {
      seed: this.#options.seed,
      problem: verdict.problem,
      steps: this.#steps,
      messages: this.#messages,
      crashes: this.#host.crashes,
      coverage: faults.coverage,
      log,
    };
  }

  /** Lets one event after the other happen. False: the condition did not come to be. */
  async #until(stepsMax: number, isOver: () => boolean): Promise<boolean> {
    const { verdict } = this.#world;
    while (verdict.problem === null && this.#steps < stepsMax) {
      if (isOver()) return true;
      if (!(await this.#step())) return false;
    }
    return false;
  }

  /** False: nothing will happen any more. */
  async #step(): Promise<boolean> {
    const { timeline, log, faults } = this.#world;
    const event = timeline.take();
    if (event === undefined) return false;
    this.#steps++;
    log.add("event", event.name);
    event.act();
    await settled();
    const { node } = this.#host;
    if (node !== null) {
      this.#world.book.coreSaw(node.machine.shard.nowMs);
      assertInvariants(node.machine);
      noteSpills(node.machine, faults);
    }
    this.#host.stir();
    return true;
  }

  /** After a last restart, everything is read from what is durable. */
  async #end(): Promise<void> {
    const { verdict, book, faults, gone } = this.#world;
    this.#host.crash("ends", true);
    await this.#until(this.#steps + restStepsMax, () => this.#host.node !== null);
    const { node, tables, sinks } = this.#host;
    if (node === null) return;
    for (const name of ["messages", "timers", "records"] as const) {
      const { entryCount } = tables.byName[name].getStats();
      verdict.check(entryCount === 0, `${entryCount} ${name} are left in the tables`);
    }
    const all = [...addresses, unservedAddress];
    const states = new Map(all.map((address) => [address, stateOf(node, address)]));
    const texts = new Map(sinks.map((sink) => [sink.egress, sink.texts]));
    const end = { roots: this.roots, gone: gone.all, states, texts };
    this.#messages = new Oracle({ book, verdict, faults }, end).check();
  }

  get roots(): readonly Root[] {
    return [...this.#sequenced, ...this.#clients].flatMap(({ roots }) => roots);
  }

  get #isSourcesDone(): boolean {
    return this.#sequenced.every(isDone) && this.#clients.every(isDone);
  }

  get #isAtRest(): boolean {
    const { node } = this.#host;
    return this.#isSourcesDone && node !== null && isAtRest(node);
  }

  #unrest(): string {
    const { node } = this.#host;
    const sources = [...this.#sequenced, ...this.#clients].filter(({ isDone }) => !isDone);
    const waiting = sources.map(({ name }) => `${name} waits`);
    return [...waiting, ...(node === null ? ["no node runs"] : unrestOf(node))].join(", ");
  }
}

function isDone(source: { readonly isDone: boolean }): boolean {
  return source.isDone;
}

/** Asked after every step: most nodes have messages that wait. */
function isAtRest(node: SimulatedNode): boolean {
  for (const { counters } of node.machine.shard.types.values()) {
    if (counters.waiting > 0) return false;
  }
  return unrestOf(node).length === 0;
}

/** What a node still has to do. */
function unrestOf({ machine, requests, isFolding }: SimulatedNode): string[] {
  const { types, timers, outboxes, sealed } = machine.shard;
  const unrest: string[] = [];
  for (const { name, counters } of types.values()) {
    if (counters.waiting > 0) unrest.push(`${counters.waiting} messages for ${name}`);
  }
  if (timers.pending > 0) unrest.push(`${timers.pending} timers`);
  for (const { egress, last, acknowledged } of outboxes.values()) {
    if (last > acknowledged) unrest.push(`${last - acknowledged} records of ${egress}`);
  }
  if (machine.isDirty || sealed !== null) unrest.push("an epoch that is not durable");
  if (requests.pendingCount > 0) unrest.push(`${requests.pendingCount} requests without an answer`);
  if (isFolding) unrest.push("a fold");
  return unrest;
}

function noteSpills(machine: Machine, faults: Faults): void {
  for (const { mailboxes } of machine.shard.types.values()) {
    for (const { spilled } of mailboxes.values()) if (spilled > 0) faults.note("mailbox spilled");
  }
  for (const { queue } of machine.shard.outboxes.values()) {
    if (queue.spilled > 0) faults.note("outbox spilled");
  }
  if (machine.shard.timers.spilled > 0) faults.note("timers spilled");
}

function stateOf({ machine, store }: SimulatedNode, address: string): FunctionState {
  const { typeName, id } = parseAddress(address) ?? { typeName: "", id: "" };
  const states = machine.shard.types.get(typeName)?.states;
  return decodeState(
    new Map(
      stateNames.map((name) => {
        const table = states?.get(name)?.table;
        const row = table === undefined ? undefined : store.readRow(table, id);
        return [name, row?.value ?? null];
      }),
    ),
  );
}

/** Longer than any chain of promises that an event sets in motion. */
const promisesMax = 12;

/** Everything that promises have set in motion has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < promisesMax; turn++) await Promise.resolve();
}
