import type { Logger } from "pino";
import { ParkedRequests } from "../admin/parked-port.js";
import { formatHostPort, parseHostPort } from "../api/host-port.js";
import { probeAddress } from "../api/probe-address.js";
import type { Takeover } from "../checkpoint/takeover.js";
import type { CheckpointChoice } from "../codec/checkpoint-choice.js";
import { Committer } from "../commit/committer.js";
import type { Effects } from "../core/effect.js";
import { Machine } from "../core/machine.js";
import { isPiledUp } from "../core/spill.js";
import { Dispatcher } from "../dispatch/dispatcher.js";
import { IngressRequests } from "../ingress/ingress-port.js";
import { RequestCounters } from "../ingress/request-counters.js";
import { systemClock } from "../loop/clock.js";
import { type Durability, EpochLoop } from "../loop/epoch-loop.js";
import type { HostOverrides } from "../module/host-overrides.js";
import type { Module } from "../module/module.js";
import type { Settings } from "../settings.js";
import { collectGarbage } from "../store/collect-garbage.js";
import { assertNotInUse } from "../store/directory-lock.js";
import { Store } from "../store/store.js";
import { version } from "../version.js";
import { createCheckpointStage, restoreIfEmpty, takeLineageOver } from "./checkpoint-stage.js";
import { isForked } from "./checkpoint-store.js";
import { coreOptions } from "./core-options.js";
import { createApi } from "./create-api.js";
import { createEgressStages } from "./egress-stages.js";
import { removedEgresses } from "./egress-views.js";
import { exposedAddresses } from "./exposed-addresses.js";
import { HeapThrift } from "./heap-thrift.js";
import { IdleCollector } from "./idle-collector.js";
import { IncidentLog } from "./incident-log.js";
import { createIngressStages } from "./ingress-stages.js";
import { StartCount } from "./start-count.js";
import { streamOptions } from "./stream-options.js";
import { allocateYoung } from "./young-objects.js";

export interface NodeOptions {
  readonly settings: Settings;
  readonly module: Module;
  readonly logger: Logger;
  /** Hosts of the module that are somewhere else. */
  readonly hosts: HostOverrides;
  /** Which checkpoint an empty data directory begins with; null: the latest, if there is one. */
  readonly restore: CheckpointChoice | null;
}

/** A node that runs. */
export interface Node {
  /** "host:port", with the port that was free. */
  readonly grpcAddress: string;
  readonly httpAddress: string;
  /** As httpAddress, of the playground's "ingress" and "egress", if the module has them. */
  readonly playground: Readonly<Record<string, string>>;
  /** Resolves when the node has stopped; rejects on an error that it cannot go on from. */
  readonly closed: Promise<void>;
  /** Takes nothing new, finishes what is in flight within drainTimeoutMs, and stops. */
  drain(): Promise<void>;
}

/**
 * Recovers the data directory, opens the addresses, and connects to the endpoints.
 *
 * @throws StoreError or Error when the node cannot start; nothing is left open then.
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  allocateYoung();
  const { settings, logger } = options;
  const { dataDir: directory, journalSegmentBytes: segmentBytes } = settings;
  const deltaBytesMax = settings.checkpointBacklogBytes;
  // Its own node has the addresses, too, as a rule: the directory is the better reason.
  await assertNotInUse(directory);
  // A start that fails at an address must not have taken the lineage from a node that runs.
  await probeAddress("gRPC", parseHostPort(settings.grpc, "grpc"));
  await probeAddress("HTTP", parseHostPort(settings.http, "http"));
  const restored = await restoreIfEmpty(options);
  const store = await Store.open({ directory, segmentBytes, deltaBytesMax });
  const { recovery } = store;
  const { epoch, epochs, puts, deletes } = recovery;
  const durationMs = Math.round(recovery.durationMs);
  const recovered = { recovery: { epoch, epochs, puts, deletes, durationMs } };
  if (epochs > 0) logger.info(recovered, "recovered the journal's tail");
  const parts = await wireOrClose(options, store, restored);
  try {
    // Addresses first: a start that fails at them must not have touched the files of a node that runs.
    await parts.api.open();
    await parts.egresses.open();
  } catch (error) {
    await stop(parts);
    throw error;
  }
  return run(parts, options);
}

type Parts = ReturnType<typeof wire>;

/** Nobody else may have the lineage before anything runs. */
async function wireOrClose(
  options: NodeOptions,
  store: Store,
  restored: Takeover | null,
): Promise<Parts> {
  try {
    const takeover = restored ?? (await takeLineageOver(options));
    return wire(options, { store, takeover, starts: new StartCount(store.directory) });
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Ground {
  readonly store: Store;
  readonly takeover: Takeover | null;
  readonly starts: StartCount;
}

function wire(options: NodeOptions, { store, takeover, starts }: Ground) {
  const { settings, module, logger, hosts } = options;
  const core = coreOptions(settings, module, starts.died);
  const machine = new Machine(core, store, store.readImage(), systemClock.nowMs());
  const collector = new IdleCollector(systemClock, () => collectIn(store));
  const noteMemory = createThrift(machine);
  const incidents = new IncidentLog(logger);
  const fatal = withResolvers<never>();
  const loop: EpochLoop = new EpochLoop({
    machine,
    durability: durabilityOf(store),
    clock: systemClock,
    release: (effects) => {
      release(effects, { dispatcher, requests, parked, egresses, incidents });
    },
    onAccepting: (accepting) => requests.setAccepting(accepting),
    onCommit: (report) => {
      metrics.observeCommit(report);
      collector.noteWork();
      noteMemory();
    },
    onFold: (report) => {
      metrics.observeFold(report.durationMs);
      collector.noteFold();
      checkpoints.checkpointer.noteFold();
    },
    onFatal: (error) => fatal.reject(error),
    nextExpiryMs: store.recovery.nextExpiryMs,
    backlogBytesMax: settings.backlogBytesMax,
    foldJournalBytes: settings.foldJournalBytes,
  });
  const onFatal = (error: Error): void => fatal.reject(error);
  const checkpoints = createCheckpointStage({ settings, logger, store, loop, takeover, onFatal });
  const { checkpointer } = checkpoints;
  const requests = new IngressRequests(loop.submit, (source) => machine.position(source));
  const counters = new RequestCounters();
  const { submit } = loop;
  const parked = new ParkedRequests(submit, logger);
  const stream = streamOptions({ settings, logger, nodeId: store.nodeId, version, submit, hosts });
  const dispatcher = new Dispatcher(module.endpoints, stream);
  const egresses = createEgressStages(module.egresses, {
    logger,
    submit,
    onFailure: onFatal,
    isFork: isForked(settings.dataDir),
    position: (egress) => machine.egressPosition(egress),
  });
  const entrance = { settings, port: requests, logger, counters };
  const ingresses = createIngressStages(module.ingresses, entrance);
  const { api, metrics } = createApi({
    settings,
    version,
    module,
    store,
    machine,
    clock: systemClock,
    dispatcher,
    checkpointer,
    requests,
    counters,
    admin: { parked, checkpoints: checkpointer },
    ingresses: () => ingresses.statuses(),
    egresses: () => egresses.statuses(),
    subscriptions: egresses.subscriptions,
    topics: egresses.topics,
  });
  const ends = { fatal, collector, incidents, starts };
  return { store, machine, loop, checkpoints, dispatcher, egresses, ingresses, api, ...ends };
}

/** Gives memory back in every thread. Returns what the heap of this one takes then, in bytes. */
function collectIn(store: Store): number {
  store.collect();
  return collectGarbage();
}

/** To be called after every commit. */
function createThrift({ shard }: Machine): () => void {
  const thrift = new HeapThrift(() => systemClock.nowMs());
  return () => thrift.note(isPiledUp(shard));
}

function durabilityOf(store: Store): Durability {
  const committer = new Committer(store);
  return {
    commit: (changes) => committer.commit(changes),
    fold: (epoch, expiredMs) => store.fold(epoch, expiredMs),
    sweep: (expiredMs) => store.sweep(expiredMs),
  };
}

/** Everything that leaves the core goes to the stage that it is for. */
function release(
  effects: Effects,
  stages: {
    readonly dispatcher: Dispatcher;
    readonly requests: IngressRequests;
    readonly parked: ParkedRequests;
    readonly egresses: ReturnType<typeof createEgressStages>;
    readonly incidents: IncidentLog;
  },
): void {
  const { dispatcher, requests, parked, egresses, incidents } = stages;
  dispatcher.attached(effects.attachedSessions);
  dispatcher.dispatch(effects.dispatches);
  dispatcher.refuse(effects.closedSessions);
  dispatcher.end(effects.drainedSessions);
  requests.rejected(effects.rejected);
  requests.acknowledged(effects.acknowledged);
  requests.replied(effects.replied);
  parked.decided(effects.decided);
  egresses.deliver(effects.deliveries);
  incidents.note(effects.incidents);
}

function run(parts: Parts, { settings, logger }: NodeOptions): Node {
  const { api, collector, dispatcher, ingresses, machine, starts } = parts;
  for (const { name: egress, reason } of removedEgresses(machine.shard.outboxes)) {
    logger.warn({ egress, reason }, "egress removed");
  }
  const exposed = exposedAddresses(settings);
  if (exposed.length > 0) {
    logger.warn(
      { exposed },
      "whoever reaches these addresses may call them: see docs/OPERATING.md",
    );
  }
  if (machine.shard.options.suspectRestored) {
    logger.warn({ starts: starts.died }, "the node keeps dying: it runs what it kept with care");
  }
  starts.begin();
  collector.noteStart();
  dispatcher.start();
  api.serve();
  ingresses.start();
  parts.checkpoints.checkpointer.start();
  const closed = withResolvers<void>();
  parts.fatal.promise.catch(async (error: unknown) => {
    await stop(parts).catch((cause: unknown) => logger.error({ err: cause }, "while stopping"));
    closed.reject(error);
  });
  let draining: Promise<void> | null = null;
  const drain = (): Promise<void> => {
    draining ??= drainParts(parts, settings.drainTimeoutMs).then(closed.resolve, closed.reject);
    return draining;
  };
  return {
    grpcAddress: formatHostPort(api.grpcAddress),
    httpAddress: formatHostPort(api.httpAddress),
    playground: Object.fromEntries(
      [...api.playgroundAddresses].map(([name, address]) => [name, formatHostPort(address)]),
    ),
    closed: closed.promise,
    drain,
  };
}

/** Outside first: what comes in, then what runs, then what goes out. */
async function drainParts(parts: Parts, timeLimitMs: number): Promise<void> {
  const deadline = performance.now() + timeLimitMs;
  const left = (): number => Math.max(0, deadline - performance.now());
  await parts.ingresses.close();
  await parts.api.drain(left());
  parts.dispatcher.drain("the runtime is stopping");
  await parts.dispatcher.whenEmpty(left());
  await parts.loop.flush();
  await parts.egresses.close(left());
  await parts.loop.flush();
  parts.starts.settle();
  await stop(parts);
}

async function stop(parts: Parts): Promise<void> {
  const { api, checkpoints, collector, dispatcher, egresses, incidents } = parts;
  const { ingresses, loop, starts, store } = parts;
  starts.close();
  collector.close();
  incidents.close();
  dispatcher.close();
  await ingresses.close();
  await egresses.close(0);
  await checkpoints.close();
  await loop.stop();
  await api.close();
  await store.close();
}

/** Promise.withResolvers, which Node 20 lacks; nobody need have asked when it rejects. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
