import { pino } from "pino";
import { Committer } from "../../src/commit/committer.js";
import type { ClosedSession, Delivery, Effects, SessionDispatch } from "../../src/core/effect.js";
import { Machine } from "../../src/core/machine.js";
import { OutboxDrain } from "../../src/egress/outbox-drain.js";
import { IngressRequests } from "../../src/ingress/ingress-port.js";
import { EpochLoop } from "../../src/loop/epoch-loop.js";
import type { FoldBuffer } from "../../src/store/fold-request.js";
import { Store } from "../../src/store/store.js";
import { SimulatedCheckpointer } from "./simulated-checkpointer.js";
import { simulatedClock, type WallClock } from "./simulated-clock.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import { SimulatedFolder } from "./simulated-folder.js";
import type { SimulatedSink } from "./simulated-sinks.js";
import type { SimulatedStream } from "./simulated-stream.js";
import type { SimulatedTables } from "./simulated-tables.js";
import type { TableModel } from "./table-model.js";
import type { Scope } from "./timeline.js";
import { Watch } from "./watch.js";
import type { World } from "./world.js";

const directory = "/journal";
const logger = pino({ level: "silent" });

export interface SimulatedNodeOptions {
  readonly world: World;
  readonly wall: WallClock;
  /** Ends with the node. */
  readonly scope: Scope;
  readonly disk: SimulatedDisk;
  readonly tables: SimulatedTables;
  readonly model: TableModel;
  /** Of the machine: to give every node its own would be most of what a start costs. */
  readonly foldBuffer: FoldBuffer;
  readonly sinks: readonly SimulatedSink[];
  /** The node cannot go on. */
  readonly onFatal: (error: unknown) => void;
  /** Effects have left. */
  readonly onReleased: (effects: Effects) => void;
}

/**
 * One run of a node, from its start to its end, wired as node/node.ts wires the real one: the same
 * store, core, committer, loop, stream sessions, ingress port and outbox drains. Its clock, disk,
 * tables and network are simulated.
 */
export class SimulatedNode {
  readonly requests: IngressRequests;
  readonly machine: Machine;
  readonly store: Store;
  readonly loop: EpochLoop;
  readonly streams = new Map<number, SimulatedStream>();
  readonly #options: SimulatedNodeOptions;
  readonly #folder: SimulatedFolder;
  readonly #drains: readonly OutboxDrain[];

  /** @throws StoreError, DiskGone when the node does not come up. */
  constructor(options: SimulatedNodeOptions) {
    const { world, wall, scope, disk, tables, model, foldBuffer, onFatal, onReleased } = options;
    const { seams, limits, log } = world;
    this.#options = options;
    const storeDisk = seams.disk(disk);
    const storeTables = seams.tables(tables);
    const stored = { disk: storeDisk, tables: storeTables };
    this.#folder = new SimulatedFolder(world, scope, { ...stored, buffer: foldBuffer });
    this.store = new Store({
      directory: "/",
      journal: directory,
      segmentBytes: limits.segmentBytes,
      ...stored,
      createFolder: () => this.#folder,
      release: () => Promise.resolve(),
    });
    const image = seams.image(this.store.readImage());
    const clock = simulatedClock(world, wall, scope);
    this.machine = new Machine(limits.core, seams.view(this.store), image, clock.nowMs());
    const committer = new Committer(this.store);
    const watch = new Watch(world, model, this.machine);
    const release = seams.release((effects) => this.#release(effects));
    this.loop = new EpochLoop({
      machine: this.machine,
      durability: seams.durability({
        commit: (changes) => committer.commit(changes),
        fold: (epoch, expiredMs) => this.store.fold(epoch, expiredMs),
        sweep: (expiredMs) => this.store.sweep(expiredMs),
      }),
      clock,
      release: (effects) => {
        watch.leaving(effects);
        release(effects);
        onReleased(effects);
      },
      onAccepting: (accepting) => {
        log.add("loop", accepting ? "ingress may go on" : "ingress is slowed");
        if (!accepting) world.faults.note("ingress slowed");
        this.requests.setAccepting(accepting);
      },
      onCommit: ({ epoch, changes, bytes }) => {
        log.add("loop", `epoch ${epoch} is durable: ${changes} changes, ${bytes} bytes`);
        checkpointer.note();
      },
      onFold: ({ epoch }) => {
        log.add("loop", `the tables hold epoch ${epoch}`);
        model.folded(epoch, tables, world.book.coreMaxMs);
        checkpointer.noteFold();
      },
      onFatal,
      nextExpiryMs: this.store.recovery.nextExpiryMs,
      backlogBytesMax: limits.core.limits.backlogBytesMax,
      foldJournalBytes: limits.foldJournalBytes,
    });
    this.submit = seams.submit((command) => {
      if (!scope.isAlive) return;
      watch.entering(command);
      this.loop.submit(command);
      watch.entered(command);
    });
    const checkpointer = new SimulatedCheckpointer({
      world,
      scope,
      loop: this.loop,
      submit: this.submit,
    });
    checkpointer.note();
    this.requests = new IngressRequests(this.submit, (source) => this.machine.position(source));
    this.#drains = options.sinks.map((sink) => this.#drainOf(sink));
  }

  readonly submit: EpochLoop["submit"];

  get isFolding(): boolean {
    return this.#folder.isFolding;
  }

  /** Opens the sinks where the node's history ends. */
  async open(): Promise<void> {
    for (const [at, drain] of this.#drains.entries()) {
      const egress = this.#options.sinks[at]?.egress ?? "";
      await drain.open(this.machine.egressPosition(egress));
    }
  }

  /** As SIGTERM: what is in flight ends, everything is committed and nothing more comes in. */
  async stop(): Promise<void> {
    for (const { session } of this.streams.values()) session.drain("the runtime is stopping");
    await new Promise<void>((resolve) => {
      this.#options.scope.after(500, "the node has waited for its streams", resolve);
    });
    await this.loop.flush();
    await this.loop.stop();
    await this.store.close();
  }

  #drainOf(sink: SimulatedSink): OutboxDrain {
    const { world, scope, onFatal } = this.#options;
    return new OutboxDrain({
      egress: sink.egress,
      kind: "simulated",
      sink: world.seams.sink(sink.connect(scope)),
      logger,
      submit: this.submit,
      onFailure: onFatal,
    });
  }

  /** In the order of node.ts. */
  #release(effects: Effects): void {
    for (const session of effects.attachedSessions) this.streams.get(session)?.session.attached();
    this.#dispatch(effects.dispatches);
    this.#refuse(effects.closedSessions);
    for (const session of effects.drainedSessions) this.streams.get(session)?.session.end();
    this.requests.rejected(effects.rejected);
    this.requests.acknowledged(effects.acknowledged);
    this.requests.replied(effects.replied);
    this.#deliver(effects.deliveries);
  }

  #dispatch(dispatches: readonly SessionDispatch[]): void {
    for (const dispatch of dispatches)
      this.streams.get(dispatch.session)?.session.dispatch(dispatch);
  }

  #refuse(closed: readonly ClosedSession[]): void {
    for (const { session, clause, message } of closed) {
      this.streams.get(session)?.session.fail(clause, message);
    }
  }

  #deliver(deliveries: readonly Delivery[]): void {
    const { sinks, world } = this.#options;
    for (const { egress, records } of deliveries) {
      const at = sinks.findIndex((sink) => sink.egress === egress);
      const sequences = records.map(({ sequence }) => sequence).join(" ");
      world.log.add("core", `delivers to ${egress}: ${sequences}`);
      this.#drains[at]?.deliver(records);
    }
  }
}
