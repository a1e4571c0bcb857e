import assert from "node:assert/strict";
import { parseAddress } from "../../src/core/address.js";
import type { Effects } from "../../src/core/effect.js";
import { Random } from "./core-random.js";
import {
  addresses,
  emptyLog,
  type Log,
  outgoing,
  readLog,
  readTally,
  targetOf,
} from "./core-simulated-function.js";
import { SimulatedServer } from "./core-simulated-server.js";
import { Story, wideLimits, widePolicy } from "./core-story.js";
import { effectLines } from "./core-text.js";

const sources = ["file0", "file1"];
const callsMax = 40;

/** A producer with a position: after a crash it goes on behind what is durable. */
interface Source {
  readonly name: string;
  sent: number;
  acknowledged: number;
}

/**
 * A whole system around one core, driven by a seed: producers, servers that fail, a sink, a disk, and
 * crashes at any step. What must hold whenever it happens is asserted where it happens; assertWhole()
 * asserts the rest at the end.
 */
export class Simulation {
  readonly story = new Story();
  readonly transcript: string[] = [];
  readonly #random: Random;
  readonly #servers = new Map<number, SimulatedServer>();
  readonly #sources: Source[] = sources.map((name) => ({ name, sent: 0, acknowledged: 0 }));
  /** What each request is about, and the epoch in which it was accepted. */
  readonly #requests = new Map<number, { readonly about: string; readonly epoch: number }>();
  readonly #callsAnswered = new Set<number>();
  readonly #sink = new Map<number, string>();
  #calls = 0;
  #sinkAt = 0;
  #nextRequest = 1;
  #nextSession = 1;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.story.limits = {
      ...wideLimits,
      batchMessagesMax: 3,
      batchBytesMax: 150,
      mailboxInMemoryMax: this.#random.pick([1, 4, 100]),
      outboxInMemoryMax: this.#random.pick([1, 3, 100]),
      outboxWindow: this.#random.pick([1, 4]),
      timersInMemoryMax: this.#random.pick([1, 4, 100]),
    };
    const retry = { ...widePolicy.retry, initialBackoffMs: 5, backoffMsMax: 50 };
    for (const pattern of ["t/a", "w/x", "w/y"]) {
      this.story.functions.push({ pattern, retry, invocationTimeoutMs: 500, batchMax: 0 });
    }
    this.story.egresses.push("e/out");
  }

  /** Does so many random things. */
  run(steps: number): void {
    for (let step = 0; step < steps; step++) this.#act();
  }

  /** Lets everything end: servers answer, epochs are committed, the sink takes what comes. */
  settle(): void {
    for (const server of [...this.#servers.keys()]) this.#kill(server);
    for (let round = 0; !this.#isSettled; round++) {
      assert.ok(round < 3000, `the system comes to rest; unanswered: ${this.unanswered}`);
      // A server of any table: sooner or later every type is served.
      if (round % 100 === 0) this.#attach();
      for (const source of this.#sources) if (source.sent < source.acknowledged) this.#send(source);
      this.#drain();
      for (const server of this.#servers.values()) this.#answer(server);
      this.story.commit();
      this.#acknowledge();
      this.#fold();
      this.story.tick(20);
    }
  }

  /** Every letter has arrived once, in order; every record, reply and acknowledgement is out. */
  assertWhole(): void {
    const logs = new Map(addresses.map((address) => [address, this.#logOf(address)]));
    for (const [to, log] of logs) {
      for (const source of this.#sources) {
        const numbers = lettersOf(source.name, source.sent);
        assert.equal(
          log.received[source.name] ?? 0,
          numbers.get(to) ?? 0,
          `${source.name} to ${to}`,
        );
      }
      for (const [from, { sent, delayedSent, cancelled }] of logs) {
        assert.equal(log.received[from] ?? 0, sent[to] ?? 0, `${from} to ${to}`);
        assertDelayed(
          log.delayedReceived[`late ${from}`] ?? [],
          delayedSent[to] ?? 0,
          cancelled[to],
        );
      }
      const received = Object.values(log.received).reduce((sum, count) => sum + count, 0);
      const delayed = Object.values(log.delayedReceived).reduce((sum, all) => sum + all.length, 0);
      assert.equal(this.#tallyOf(to), received + delayed, `tally of ${to}`);
    }
    for (let call = 1; call <= this.#calls; call++) {
      const runs = [...logs.values()].filter((log) => `call${call}` in log.received).length;
      assert.ok(
        runs <= 1 && (runs === 1 || !this.#callsAnswered.has(call)),
        `call ${call} ran once`,
      );
    }
    this.#assertSink(logs);
  }

  /** Everything that the functions keep, for comparing. */
  states(): string {
    return JSON.stringify(
      addresses.map((address) => [this.#logOf(address), this.#tallyOf(address)]),
    );
  }

  crash(): void {
    this.transcript.push(`crash after epoch ${this.story.crash()}`);
    this.#servers.clear();
    this.#requests.clear();
    const { machine } = this.story;
    for (const source of this.#sources) source.sent = machine.position(source.name);
    const { sequence, position } = machine.egressPosition("e/out");
    assert.equal(sequence, position, "the sink's position is stored with its acknowledgement");
    assert.ok(sequence <= this.#sinkAt);
  }

  /** What nobody has answered yet. */
  get unanswered(): string[] {
    return [...this.#requests.values()].map(({ about }) => about);
  }

  #act(): void {
    const server = this.#servers.size === 0 ? undefined : this.#pickServer();
    const act = this.#random.weighted<() => void>([
      [30, () => this.#send(this.#random.pick(this.#sources))],
      [6, () => this.#call()],
      [30, () => this.#drain()],
      [40, () => server !== undefined && this.#answer(server)],
      [8, () => this.story.tick(this.#random.below(60))],
      [12, () => this.#advanceCommit()],
      [4, () => this.#acknowledge()],
      [3, () => this.#fold()],
      [this.#servers.size < 4 ? 6 : 0, () => this.#attach()],
      [2, () => server !== undefined && this.story.step(server.changeWindow())],
      [1, () => server?.hang()],
      [1, () => server !== undefined && this.#kill(server.session)],
      [1, () => server !== undefined && this.#beginDrain(server.session)],
      [1, () => this.#random.oneIn(3) && this.crash()],
    ]);
    act();
  }

  #pickServer(): SimulatedServer {
    return this.#random.pick([...this.#servers.values()]);
  }

  #attach(): void {
    const server = new SimulatedServer(this.#nextSession++, this.#random);
    this.#servers.set(server.session, server);
    this.story.step(server.attach());
  }

  #kill(session: number): void {
    this.#servers.delete(session);
    this.story.step({ kind: "sessionDetached", session });
  }

  #beginDrain(session: number): void {
    this.story.step({ kind: "sessionDraining", session });
  }

  #send(source: Source): void {
    const sequence = ++source.sent;
    const to = targetOf(source.name, sequence);
    const number = lettersOf(source.name, sequence).get(to) ?? 0;
    const message = outgoing(to, { from: source.name, number, hops: 4 });
    const request = this.#request(`${source.name} ${sequence}`);
    const once = { kind: "sequence", source: source.name, sequence } as const;
    this.story.step({ kind: "send", request, ...message, delayMs: 0, once });
  }

  /** A new call, or an old one again: nobody knows what became of it. */
  #call(): void {
    const isNew = this.#calls < callsMax && (this.#calls === 0 || this.#random.oneIn(2));
    const call = isNew ? ++this.#calls : 1 + this.#random.below(this.#calls);
    const message = outgoing(targetOf("call", call), { from: `call${call}`, number: 1, hops: 2 });
    const request = this.#request(`call ${call}`);
    const once = { kind: "key", key: `key ${call}` } as const;
    this.story.step({ kind: "call", request, ...message, once });
  }

  #request(about: string): number {
    const { epoch } = this.story.machine.shard.epoch;
    this.#requests.set(this.#nextRequest, { about, epoch });
    return this.#nextRequest++;
  }

  #answer(server: SimulatedServer): void {
    const command = server.answer();
    if (command !== undefined) this.story.step(command);
  }

  #drain(): void {
    const effects = this.story.drain();
    this.transcript.push(...effectLines(effects));
    assert.deepEqual(effects.closedSessions, [], "no server breaks the protocol");
    assert.deepEqual(effects.rejected, [], "every type is known");
    this.#release(effects);
    for (const { session, invocations, stateReplies } of effects.dispatches) {
      const server = this.#servers.get(session);
      assert.ok(server !== undefined, "a dispatch goes to a server that is there");
      for (const command of server.receive(invocations, stateReplies)) this.story.step(command);
    }
    for (const session of effects.drainedSessions) this.#kill(session);
  }

  /** Nothing leaves before the epoch that caused it is durable. */
  #release({ acknowledged, replied, deliveries }: Effects): void {
    const { writtenEpoch } = this.story.tables;
    for (const { request, duplicate } of acknowledged) {
      const { about, epoch } = this.#takeRequest(request);
      if (!duplicate) assert.ok(epoch <= writtenEpoch, `${about} is durable`);
      const [name, sequence] = about.split(" ");
      const source = this.#sources.find((other) => other.name === name);
      if (source !== undefined) {
        source.acknowledged = Math.max(source.acknowledged, Number(sequence));
      }
    }
    for (const { request, value, failure } of replied) {
      const { about } = this.#takeRequest(request);
      assert.equal(failure, null, `${about} does not fail`);
      const call = Number(about.split(" ")[1]);
      const reply = Buffer.from(value?.value ?? []).toString();
      assert.equal(reply, JSON.stringify([targetOf("call", call), `call${call}`]));
      this.#callsAnswered.add(call);
    }
    for (const { records } of deliveries) {
      for (const { sequence, value, storedEpoch } of records) {
        assert.ok(storedEpoch > 0 && storedEpoch <= writtenEpoch, `record ${sequence} is durable`);
        this.#deliver(sequence, Buffer.from(value ?? []).toString());
      }
    }
  }

  #takeRequest(request: number): { readonly about: string; readonly epoch: number } {
    const known = this.#requests.get(request);
    assert.ok(known !== undefined, `request ${request} is answered once`);
    this.#requests.delete(request);
    return known;
  }

  /** A record that comes again is the same record; a new one is the next. */
  #deliver(sequence: number, text: string): void {
    const before = this.#sink.get(sequence);
    if (before === undefined) assert.equal(sequence, this.#sink.size + 1, "records in order");
    else assert.equal(text, before, `record ${sequence} stays the same`);
    this.#sink.set(sequence, text);
    this.#sinkAt = Math.max(this.#sinkAt, sequence);
  }

  #acknowledge(): void {
    const { machine } = this.story;
    const acknowledged = machine.egressPosition("e/out").sequence;
    const delivered = machine.shard.outboxes.get("e/out")?.delivered ?? 0;
    if (delivered === acknowledged || delivered > this.#sinkAt) return;
    const sequence = acknowledged + 1 + this.#random.below(delivered - acknowledged);
    this.story.step({ kind: "egressAcknowledged", egress: "e/out", sequence, position: sequence });
  }

  /** Seals, writes or commits: each of the steps between which a crash may come. */
  #advanceCommit(): void {
    if (!this.story.isSealed) this.story.seal({ beginFold: false });
    else if (this.#random.oneIn(2)) this.story.write();
    else this.story.commit();
  }

  #fold(): void {
    if (!this.story.isFolding && !this.story.isSealed) this.story.seal({ beginFold: true });
    else if (!this.story.isFolding || this.story.isSealed) return;
    // For a while the tables are ahead of what the core knows.
    else if (this.#random.oneIn(2)) this.story.foldTables();
    else this.story.fold();
  }

  get #isSettled(): boolean {
    const { shard } = this.story.machine;
    const types = [...shard.types.values()];
    const isIdle = types.every(({ counters }) => counters.waiting === 0);
    const outbox = shard.outboxes.get("e/out");
    const isOut = outbox !== undefined && outbox.acknowledged === outbox.last;
    const isEmpty = isIdle && isOut && shard.timers.pending === 0 && this.#requests.size === 0;
    return isEmpty && !this.story.machine.isDirty && !this.story.isSealed;
  }

  #stateOf(address: string, name: string): Uint8Array | null {
    const { typeName, id } = parseAddress(address) ?? { typeName: "", id: "" };
    const { types, overlay } = this.story.machine.shard;
    const table = types.get(typeName)?.states.get(name);
    return table === undefined ? null : (overlay.read(table.table, id)?.value ?? null);
  }

  #logOf(address: string): Log {
    return { ...emptyLog, ...readLog(this.#stateOf(address, "log")) };
  }

  #tallyOf(address: string): number {
    return readTally(this.#stateOf(address, "tally"));
  }

  #assertSink(logs: ReadonlyMap<string, Log>): void {
    const counts = new Map<string, number>();
    for (const text of this.#sink.values()) {
      const [from, number] = JSON.parse(text) as [string, number];
      assert.equal(number, (counts.get(from) ?? 0) + 1, `records of ${from} in order`);
      counts.set(from, number);
    }
    for (const [from, { sent }] of logs) {
      assert.equal(counts.get(from) ?? 0, sent["e/out"] ?? 0, `records of ${from}`);
    }
  }
}

/** How many letters of a source go to each address, up to a sequence. */
function lettersOf(source: string, sequence: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let number = 1; number <= sequence; number++) {
    const to = targetOf(source, number);
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  return counts;
}

function assertDelayed(
  received: readonly number[],
  sent: number,
  cancelled: readonly number[] = [],
): void {
  for (let number = 1; number <= sent; number++) {
    const arrived = received.includes(number);
    assert.ok(arrived || cancelled.includes(number), `delayed letter ${number} arrived`);
  }
  assert.ok(
    received.every((number) => number <= sent),
    "no letter of nobody",
  );
}
