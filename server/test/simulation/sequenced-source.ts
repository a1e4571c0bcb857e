import type { IngressPort, SendOutcome } from "../../src/ingress/ingress-port.js";
import { formatProgram, targetOf } from "./program.js";
import { createRoot, type Root, requestOf } from "./root.js";
import type { Scope } from "./timeline.js";
import type { World } from "./world.js";

export interface SequencedSourceOptions {
  readonly world: World;
  readonly name: string;
  readonly count: number;
  /** Between two messages, in milliseconds. */
  readonly spacingMs: number;
  /** Messages without an acknowledgement, at most. */
  readonly windowMax: number;
  /**
   * What it does at a new connection. resends: everything that was not acknowledged, as a producer.
   * asks: it goes on behind the position that the node has kept, as a file does.
   */
  readonly resumes: "resends" | "asks";
}

/** A source whose messages carry a rising sequence: they take effect once, in their order. */
export class SequencedSource {
  /** By sequence, from 1; null: the sequence has no message. */
  readonly #made: (Root | null)[] = [];
  readonly #options: SequencedSourceOptions;
  readonly #acknowledged = new Set<number>();
  /** The newest letter to each address. */
  readonly #numbers = new Map<string, number>();
  #port: IngressPort | null = null;
  #scope: Scope | null = null;
  /** Of this connection; answers of an earlier one are not waited for. */
  #connection = 0;
  /** The next sequence to be sent, from 1. */
  #next = 1;
  #outstanding = 0;
  /** A message is about to be sent. */
  #isAwake = false;

  constructor(options: SequencedSourceOptions) {
    this.#options = options;
  }

  get isDone(): boolean {
    return this.#acknowledged.size === this.#options.count;
  }

  get name(): string {
    return this.#options.name;
  }

  get roots(): readonly Root[] {
    return this.#made.filter((root) => root !== null);
  }

  /** The node is up. */
  connect(port: IngressPort, scope: Scope): void {
    this.#port = port;
    this.#scope = scope;
    this.#isAwake = false;
    this.#begin();
    this.#wake();
  }

  #begin(): void {
    const { resumes, name, world } = this.#options;
    this.#connection++;
    this.#outstanding = 0;
    let acknowledgedAll = 0;
    while (this.#acknowledged.has(acknowledgedAll + 1)) acknowledgedAll++;
    this.#next = acknowledgedAll + 1;
    if (resumes === "resends") return;
    const position = this.#port?.position(name) ?? 0;
    const isWithin = acknowledgedAll <= position && position <= this.#made.length;
    world.verdict.check(
      isWithin,
      `${name} is at ${position}, and ${acknowledgedAll} are confirmed`,
    );
    // What lies before the position is part of the history, whether it was confirmed or not.
    for (let sequence = 1; sequence <= position; sequence++) this.#acknowledge(sequence);
    if (position > acknowledgedAll) world.faults.note("position taken up after a restart");
    this.#next = position + 1;
  }

  /** Plans to send the next message, when there is one that may be sent. */
  #wake(): void {
    const { name, spacingMs, windowMax, count, world } = this.#options;
    const [port, scope] = [this.#port, this.#scope];
    const isFull = this.#outstanding >= windowMax;
    if (port === null || scope === null || this.#isAwake || this.#next > count || isFull) return;
    this.#isAwake = true;
    if (!port.accepting()) {
      void port.whenAccepting().then(() => this.#again(scope));
      return;
    }
    const delayMs = world.random.below(spacingMs + 1);
    scope.after(delayMs, `${name} may send`, () => {
      // Meanwhile the rest may have been confirmed.
      if (port.accepting() && this.#next <= count) this.#send(this.#next++);
      this.#again(scope);
    });
  }

  #again(scope: Scope): void {
    if (this.#scope !== scope || !scope.isAlive) return;
    this.#isAwake = false;
    this.#wake();
  }

  /** By chance: a producer's connection is lost, and it sends again what was not confirmed. */
  #stir(): void {
    const { world, name, resumes } = this.#options;
    if (resumes !== "resends" || !world.faults.happens("connection lost", 30)) return;
    world.log.add(name, "has lost its connection");
    this.#begin();
  }

  #send(sequence: number): void {
    const { name } = this.#options;
    const root = this.#rootOf(sequence);
    const connection = this.#connection;
    this.#outstanding++;
    const done = (outcome: SendOutcome) => {
      const { verdict, log, faults } = this.#options.world;
      if (outcome.kind === "rejected")
        return verdict.fail(`${name} ${sequence}: ${outcome.message}`);
      log.add(name, `${sequence} is confirmed${outcome.duplicate ? " again" : ""}`);
      if (outcome.duplicate) faults.note("duplicate acknowledged");
      if (connection === this.#connection) this.#outstanding--;
      this.#acknowledge(sequence);
      this.#stir();
      this.#wake();
    };
    if (root === null) {
      this.#port?.advance({ source: name, sequence }, done);
      return;
    }
    root.fate = "sure";
    const once = { kind: "sequence", source: name, sequence } as const;
    this.#port?.send({ ...requestOf(root), delayMs: 0, once }, done);
  }

  #acknowledge(sequence: number): void {
    this.#acknowledged.add(sequence);
  }

  /** Made once, and the same whenever it is sent. */
  #rootOf(sequence: number): Root | null {
    const { world, name } = this.#options;
    const known = this.#made[sequence - 1];
    if (known !== undefined) return known;
    if (world.random.oneIn(8)) {
      world.faults.note("sequence without a message");
      world.log.add(name, `${sequence} has no message`);
      this.#made.push(null);
      return null;
    }
    const id = `${name}-${sequence}`;
    const to = targetOf(id);
    const number = (this.#numbers.get(to) ?? 0) + 1;
    this.#numbers.set(to, number);
    const root = createRoot(world, { source: name, id, number });
    this.#made.push(root);
    world.log.add(name, `${sequence} is for ${to}: ${formatProgram(root.letter.program)}`);
    return root;
  }
}
