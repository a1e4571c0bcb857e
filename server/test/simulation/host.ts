import type { Effects } from "../../src/core/effect.js";
import { FoldBuffer } from "../../src/store/fold-request.js";
import { functionTables } from "./function-tables.js";
import { Operator } from "./operator.js";
import { isPlanned } from "./planned-fault.js";
import { deadEgress } from "./program.js";
import { WallClock } from "./simulated-clock.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedNode } from "./simulated-node.js";
import { FeedLikeSink, FileLikeSink, type SimulatedSink } from "./simulated-sinks.js";
import { SimulatedStream } from "./simulated-stream.js";
import { SimulatedTables } from "./simulated-tables.js";
import { TableModel } from "./table-model.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

/** Disk calls of a recovery, at most about. */
const recoveryCallsMax = 12;
/** Disk calls of a switch of segments, at most about. */
const switchCallsMax = 6;

export interface HostOptions {
  readonly world: World;
  /** A node is up, and what comes in may come in. */
  readonly onUp: (node: SimulatedNode, scope: Scope) => void;
}

/**
 * The machine that the node runs on: it starts nodes, lets them die and starts them again, on the
 * same disk, and dials the function servers for them.
 */
export class Host {
  readonly disk: SimulatedDisk;
  readonly tables = new SimulatedTables();
  readonly model: TableModel;
  readonly sinks: readonly SimulatedSink[];
  readonly #options: HostOptions;
  readonly #world: World;
  readonly #wall: WallClock;
  readonly #failures = new Map<string, number>();
  readonly #foldBuffer = new FoldBuffer();
  readonly #serverCount: number;
  #node: SimulatedNode | null = null;
  #scope: Scope;
  #nextSession = 1;
  /** The node dies when the present event is over. */
  #isDoomed = false;
  #isStopping = false;
  #diedInRecovery = false;
  readonly #operator: Operator;
  #crashes = 0;

  constructor(options: HostOptions) {
    const { world } = options;
    const { random, verdict, timeline } = world;
    this.#options = options;
    this.#world = world;
    this.#wall = new WallClock(world);
    this.#scope = timeline.scope();
    this.model = new TableModel(verdict);
    const onDurable = (bytes: Buffer) => this.model.durable(bytes);
    const { segmentBytes } = world.limits;
    const parts = { random, faults: world.faults, segmentBytes, onDurable };
    this.disk = new SimulatedDisk(parts, this.#scope);
    this.sinks = [
      new FileLikeSink(world, "e/file"),
      new FeedLikeSink(world, "e/feed"),
      new FeedLikeSink(world, deadEgress, (text) => {
        world.faults.note("dead letter");
        world.gone.died(text);
      }),
    ];
    this.#operator = new Operator(world);
    this.#serverCount = random.between(1, 3);
  }

  /** Null while none runs. */
  get node(): SimulatedNode | null {
    return this.#node;
  }

  /** How often a node has ended other than by a stop. */
  get crashes(): number {
    return this.#crashes;
  }

  get nowMs(): number {
    return this.#wall.nowMs();
  }

  start(): void {
    const { world } = this.#options;
    const { faults, random, timeline, verdict, log } = world;
    const scope = timeline.scope();
    this.#scope = scope;
    // A recovery of what a recovery has left is where mistakes hide.
    const dies = faults.happens("cut the power in a recovery", this.#diedInRecovery ? 2 : 10);
    this.#diedInRecovery = false;
    this.disk.attach(scope);
    if (dies) this.disk.dieWithin(random.below(recoveryCallsMax));
    try {
      const { disk, tables, model, sinks } = this;
      const onFatal = (error: unknown) => this.#fatal(error);
      const onReleased = (effects: Effects) => this.#released(effects);
      const stored = { disk, tables, model, foldBuffer: this.#foldBuffer };
      const parts = { world, wall: this.#wall, scope, ...stored, sinks };
      this.#node = new SimulatedNode({ ...parts, onFatal, onReleased });
    } catch (error) {
      if (!isPlanned(error)) verdict.broke(error);
      this.#diedInRecovery = true;
      this.crash("dies in its recovery", random.oneIn(2));
      return;
    }
    this.disk.survive();
    this.#recovered(this.#node);
    log.add("node", `goes on behind epoch ${this.#node.store.foldedEpoch}`);
    this.#node
      .open()
      .then(() => this.#up(scope))
      .catch((error: unknown) => verdict.broke(error));
  }

  /** The node ends at once; another one is started on what it has left. */
  crash(why: string, isPowerCut: boolean): void {
    const { log, faults, random, timeline } = this.#world;
    log.add("node", why);
    this.#crashes++;
    if (this.disk.isWriting) faults.note("crash within a commit");
    if (this.#node?.isFolding === true) faults.note("crash within a fold");
    this.#scope.end();
    for (const stream of this.#node?.streams.values() ?? []) stream.abandon();
    for (const sink of this.sinks) sink.crash();
    this.disk.crash(isPowerCut);
    this.#world.gone.rollBack(this.model.durableEpoch);
    this.#node = null;
    this.#isDoomed = false;
    this.#isStopping = false;
    timeline.scope().after(random.between(1, 100), "the node starts", () => this.start());
  }

  /** After each event: what the event has doomed ends, and chance may end more. */
  stir(): void {
    const { faults, random } = this.#world;
    if (this.#node === null) return;
    if (this.disk.isGone) {
      faults.note("crash within a switch of segments");
      this.crash("dies within a switch of segments", true);
    } else if (this.#isDoomed) this.crash("dies after something has left", random.oneIn(2));
    else if (faults.happens("kill the node", 500)) this.crash("is killed", false);
    else if (faults.happens("cut the power", 500)) this.#cutPower();
    else if (faults.happens("stop and start the node", 1000)) this.#stop(this.#node);
    else this.#stirStreams(this.#node);
    this.#wall.stir();
  }

  /** Every server is gone, and the next ones serve everything. */
  renewServers(): void {
    for (const stream of this.#node?.streams.values() ?? []) stream.cut();
  }

  #stirStreams(node: SimulatedNode): void {
    const { faults, random } = this.#world;
    if (node.streams.size === 0) return;
    const stream = random.pick([...node.streams.values()]);
    if (faults.happens("function server dies", 300)) stream.cut();
    else if (faults.happens("stream is cut", 300)) stream.cut();
    else stream.stir();
  }

  #cutPower(): void {
    const { random } = this.#world;
    if (random.oneIn(2)) this.crash("loses its power", true);
    // Within one of the next changes of files: those come when a segment is full or folded.
    else this.disk.dieWithin(random.below(switchCallsMax));
  }

  #stop(node: SimulatedNode): void {
    const { verdict, log } = this.#world;
    if (this.#isStopping) return;
    this.#isStopping = true;
    log.add("node", "is stopped");
    const scope = this.#scope;
    node.stop().then(
      () => {
        if (scope.isAlive) this.crash("has stopped", false);
      },
      (error: unknown) => verdict.broke(error),
    );
  }

  /** Nothing durable may be missing, and nothing be there that was not. */
  #recovered(node: SimulatedNode): void {
    const { verdict, faults } = this.#world;
    const { foldedEpoch } = node.store;
    const { durableEpoch } = this.model;
    const text = `a recovery ends at epoch ${foldedEpoch}, and epoch ${durableEpoch} is durable`;
    verdict.check(foldedEpoch === durableEpoch, text);
    this.model.folded(foldedEpoch, this.tables, this.#world.book.coreMaxMs);
    const [first] = this.tables.byName.timers.getRange({ limit: 1 });
    const isOverdue = first !== undefined && Number(first.key.readBigUInt64BE(0)) <= this.nowMs;
    if (isOverdue) faults.note("timer overdue after a restart");
  }

  #up(scope: Scope): void {
    const node = this.#node;
    if (node === null || !scope.isAlive) return;
    for (let slot = 0; slot < this.#serverCount; slot++) this.#dialSoon(node, scope);
    this.#operator.attend(node, scope);
    this.#options.onUp(node, scope);
  }

  #dialSoon(node: SimulatedNode, scope: Scope): void {
    const { random } = this.#world;
    scope.after(random.between(1, 60), "a function server is dialled", () => {
      this.#dial(node, scope);
    });
  }

  #dial(node: SimulatedNode, scope: Scope): void {
    const { random, faults, limits, log } = this.#world;
    const tables = functionTables(limits.lifetimes);
    // The first one serves every type.
    const at = faults.isCalm ? 0 : random.below(tables.length);
    const session = this.#nextSession++;
    log.add(`stream ${session}`, `begins, with table ${at}`);
    const stream = new SimulatedStream({
      world: this.#world,
      session,
      table: tables[at] ?? [],
      scope,
      failures: this.#failures,
      submit: node.submit,
      onEnd: () => {
        node.streams.delete(session);
        if (!this.#isStopping) this.#dialSoon(node, scope);
      },
    });
    node.streams.set(session, stream);
  }

  #released({ acknowledged, replied, deliveries, decided, incidents }: Effects): void {
    this.#operator.decided(decided);
    const node = this.#node;
    const isParked = incidents.some(({ kind }) => kind === "parked");
    if (isParked && node !== null) this.#operator.alarm(node, this.#scope);
    if (acknowledged.length + replied.length + deliveries.length === 0) return;
    if (this.#world.faults.happens("crash once something has left", 60)) this.#isDoomed = true;
  }

  #fatal(error: unknown): void {
    const { verdict, log } = this.#world;
    if (!isPlanned(error)) verdict.broke(error);
    log.add("node", `cannot go on: ${(error as Error).message}`);
    this.#isDoomed = true;
  }
}
