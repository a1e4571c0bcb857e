import { advance, call, send } from "./admit.js";
import { applyResults } from "./apply.js";
import { assert, unreachable } from "./assert.js";
import {
  answerState,
  attach,
  beginDrain,
  detach,
  endDrainIfIdle,
  expireInvocations,
} from "./attach.js";
import { heldBytes } from "./backlog.js";
import { createType } from "./catalog.js";
import type { ChangeSet } from "./change-set.js";
import { recallCold, wantsRecall } from "./cold.js";
import type { Command, ResultsCommand, SessionWindowCommand } from "./command.js";
import { declareStates } from "./declare.js";
import { readPosition } from "./dedup.js";
import type { Effects, SessionDispatch } from "./effect.js";
import { Emptied } from "./emptied.js";
import { OpenEpoch } from "./epoch.js";
import { retryDue } from "./failure.js";
import { dispatchedAtMs } from "./flights.js";
import { Heap } from "./heap.js";
import { pump } from "./invocation.js";
import type { CoreOptions } from "./options.js";
import { Overlay } from "./overlay.js";
import { dropParked, retryParked } from "./parked-commands.js";
import { wake } from "./placement.js";
import { acknowledgeEgress, checkpoint, commit, deliverRecords, fold } from "./release.js";
import { egressPosition, restore } from "./restore.js";
import { fireDue, mayFire } from "./schedule.js";
import type { Session } from "./session.js";
import type { Shard } from "./shard.js";
import { noEffects } from "./shard.js";
import { isLoaded } from "./spill.js";
import type { StoredImage, StoreView } from "./store-view.js";
import { Timers } from "./timer.js";

/** How often invocations are looked at for their time-out, in milliseconds. */
const expiryScanMs = 250;

/**
 * One shard's core: commands in by step(), effects out by drain(), cuts by seal(). Synchronous and
 * deterministic: the same commands in the same order give the same effects.
 *
 * Between two calls it always holds a consistent cut. The order in which the caller acts on what it
 * gets is the order contract of effect.ts.
 */
export class Machine {
  readonly #shard: Shard;
  #nextExpiryScanMs = 0;
  /** When the open epoch got its first change. */
  #dirtySinceMs: number | null = null;

  constructor(options: CoreOptions, view: StoreView, image: StoredImage, nowMs: number) {
    const epoch = image.epoch + 1;
    this.#shard = {
      options,
      view,
      overlay: new Overlay(view, epoch),
      nowMs,
      startedAtMs: nowMs,
      nextSequence: image.nextSequence,
      epoch: new OpenEpoch(epoch),
      sealed: null,
      committedEpoch: image.epoch,
      foldedEpoch: image.epoch,
      foldingEpoch: 0,
      types: new Map(),
      typesByIndex: [createType(0, "")],
      stateTables: [],
      sessions: new Map(),
      timers: new Timers(),
      retries: new Heap(),
      nextRetry: 1,
      outboxes: new Map(),
      keyWaiters: new Map(),
      spilledRequests: new Map(),
      large: new Set(),
      suspectBefore: 0,
      coldTypes: new Set(),
      emptied: new Emptied(),
      tracksEmptied: false,
      isHeld: false,
      firedEpoch: 0,
      late: null,
      backlogBytes: 0,
      backlogMessages: 0,
      outboxBytes: 0,
      outboxRecords: 0,
      effects: noEffects(),
    };
    restore(this.#shard, image);
    for (const outbox of this.#shard.outboxes.values()) deliverRecords(this.#shard, outbox);
  }

  /** Read-only, for metrics and inspection. */
  get shard(): Readonly<Shard> {
    return this.#shard;
  }

  step(command: Command): void {
    const shard = this.#shard;
    switch (command.kind) {
      case "tick":
        this.#tick(command.nowMs);
        break;
      case "send":
        send(shard, command);
        break;
      case "call":
        call(shard, command);
        break;
      case "advance":
        advance(shard, command);
        break;
      case "results":
        this.#results(command);
        break;
      case "committed":
        commit(shard, command.epoch);
        break;
      case "folded":
        fold(shard, command.epoch);
        break;
      case "checkpointed":
        checkpoint(shard, command.epoch);
        break;
      case "egressAcknowledged":
        acknowledgeEgress(shard, command);
        break;
      case "retryParked":
        retryParked(shard, command);
        break;
      case "dropParked":
        dropParked(shard, command);
        break;
      case "sessionAttached":
        attach(shard, command);
        break;
      case "sessionWindow":
        this.#window(command);
        break;
      case "sessionDraining":
        this.#withSession(command.session, (session) => beginDrain(shard, session));
        break;
      case "sessionDetached":
        this.#withSession(command.session, (session) => detach(shard, session));
        break;
      case "stateRequested":
        this.#withSession(command.session, (session) => answerState(shard, session, command));
        break;
      case "statesDeclared":
        this.#withSession(command.session, (session) => declareStates(shard, session, command));
        break;
      default:
        unreachable(command);
    }
    if (this.#dirtySinceMs === null && this.isDirty) this.#dirtySinceMs = shard.nowMs;
  }

  /** Whether there is anything that a commit would make durable or let out. */
  get isDirty(): boolean {
    const { epoch, overlay } = this.#shard;
    return epoch.isAwaited || epoch.changesMax + overlay.dirtyCount > 0;
  }

  /**
   * Whether the open epoch should be sealed now: somebody outside waits for it, or it has grown
   * large or old. While nobody waits, results are better gathered: what comes and goes inside one
   * epoch never touches the disk.
   */
  get wantsCommit(): boolean {
    const { epoch, overlay, options, nowMs } = this.#shard;
    if (epoch.isAwaited) return true;
    const changes = epoch.changesMax + overlay.dirtyCount;
    if (changes === 0) return false;
    const { epochChangesMax, epochAgeMsMax } = options.limits;
    return changes >= epochChangesMax || nowMs - (this.#dirtySinceMs ?? nowMs) >= epochAgeMsMax;
  }

  /**
   * Ends the open epoch. At most one sealed epoch may wait for its Committed command. With
   * `beginFold`, the caller folds every epoch up to this one once it is durable; the Folded command
   * of the fold before must have been stepped.
   */
  seal(beginFold: boolean): ChangeSet {
    const shard = this.#shard;
    assert(shard.sealed === null, "an epoch is sealed and not yet committed");
    const { epoch } = shard;
    const changes = epoch.seal(shard.overlay.seal(beginFold), shard.nextSequence);
    if (beginFold) {
      assert(shard.foldingEpoch === 0, `the fold up to ${shard.foldingEpoch} has not ended`);
      shard.foldingEpoch = epoch.epoch;
      shard.emptied.beginFold();
      shard.tracksEmptied = shard.coldTypes.size > 0 || isLoaded(shard);
    }
    shard.sealed = { epoch: epoch.epoch, releases: epoch.releases };
    shard.epoch = new OpenEpoch(epoch.epoch + 1);
    this.#dirtySinceMs = null;
    // Checkpoints are of folded epochs only.
    if (beginFold) for (const outbox of shard.outboxes.values()) outbox.cut(epoch.epoch);
    return changes;
  }

  /** Everything that may leave now, once. */
  drain(): Effects {
    const shard = this.#shard;
    const dispatches: SessionDispatch[] = [];
    if (shard.coldTypes.size > 0) recallCold(shard);
    for (const session of shard.sessions.values()) {
      if (!shard.isHeld) pump(shard, session);
      const { invocations, stateReplies } = session;
      if (invocations.length === 0 && stateReplies.length === 0) continue;
      dispatches.push({ session: session.id, invocations, stateReplies });
      if (invocations.length > 0) session.invocations = [];
      if (stateReplies.length > 0) session.stateReplies = [];
    }
    const effects = { dispatches, ...shard.effects };
    shard.effects = noEffects();
    return effects;
  }

  /** About how much memory messages, records and timers take, in bytes. */
  get heldBytes(): number {
    return heldBytes(this.#shard);
  }

  /**
   * While it is held, no invocation is dispatched, no delayed message fires and nothing comes back from
   * the tables. Results, commits and folds go on, and sends are not refused.
   */
  hold(isHeld: boolean): void {
    this.#shard.isHeld = isHeld;
  }

  /** When the next tick is needed, in milliseconds since the Unix epoch; undefined: none is. */
  get nextWakeMs(): number | undefined {
    const { timers, retries, sessions, options, nowMs } = this.#shard;
    let wakeMs = retries.peek()?.dueMs ?? Infinity;
    if (mayFire(this.#shard)) wakeMs = Math.min(wakeMs, timers.nextDueMs ?? Infinity);
    if (this.#shard.coldTypes.size > 0 && wantsRecall(this.#shard)) wakeMs = nowMs;
    for (const session of sessions.values()) {
      if (session.inFlight.size > 0) wakeMs = Math.min(wakeMs, this.#nextExpiryScanMs);
    }
    const { epochAgeMsMax } = options.limits;
    if (this.#dirtySinceMs !== null) wakeMs = Math.min(wakeMs, this.#dirtySinceMs + epochAgeMsMax);
    return wakeMs === Infinity ? undefined : wakeMs;
  }

  /**
   * No row will be read as of an earlier time, in milliseconds since the Unix epoch: one that expired
   * by then is of no use. A function that asks for state sees it as it was at its dispatch.
   */
  get readsFromMs(): number {
    const shard = this.#shard;
    let earliestMs = shard.nowMs;
    for (const { inFlight } of shard.sessions.values()) {
      const [oldest] = inFlight.values();
      if (oldest !== undefined) earliestMs = Math.min(earliestMs, dispatchedAtMs(shard, oldest));
    }
    return earliestMs;
  }

  /** The highest sequence accepted from a source; 0: none. */
  position(source: string): number {
    return readPosition(this.#shard, source);
  }

  /** Where an egress stands: what was acknowledged, and the sink's position then. */
  egressPosition(egress: string): { readonly sequence: number; readonly position: number } {
    return egressPosition(this.#shard, egress);
  }

  #tick(nowMs: number): void {
    const shard = this.#shard;
    // The clock of the machine may step back; time in the core never does.
    if (nowMs > shard.nowMs) shard.nowMs = nowMs;
    fireDue(shard);
    retryDue(shard);
    if (shard.nowMs < this.#nextExpiryScanMs) return;
    this.#nextExpiryScanMs = shard.nowMs + expiryScanMs;
    expireInvocations(shard);
  }

  #results(command: ResultsCommand): void {
    const session = this.#shard.sessions.get(command.session);
    if (session === undefined) return;
    applyResults(this.#shard, session, command.results);
    if (session.draining) endDrainIfIdle(this.#shard, session);
  }

  #window(command: SessionWindowCommand): void {
    this.#withSession(command.session, (session) => {
      session.window = command.window;
      for (const binding of session.bindings.values()) wake(binding);
    });
  }

  #withSession(id: number, act: (session: Session) => void): void {
    const session = this.#shard.sessions.get(id);
    if (session !== undefined) act(session);
  }
}
