import type { Faults } from "./faults.js";
import type { FunctionState, Ledger } from "./ledger.js";
import type { ExpiringState, Letter, Program, Step } from "./program.js";
import type { Outlook, RunBook, RunWrites } from "./run-book.js";
import type { Verdict } from "./verdict.js";

/** What the inputs of one invocation caused, before it is put into a frame. */
export interface RunEffects {
  readonly sends: { readonly to: string; readonly letter: Letter }[];
  readonly timers: TimerEffect[];
  readonly records: { readonly egress: string; readonly text: string }[];
  readonly replies: { readonly input: number; readonly text: string }[];
  /** States that are deleted, even if the function has seen no value. */
  readonly erased: Set<ExpiringState>;
}

export type TimerEffect =
  | {
      readonly kind: "schedule";
      readonly to: string;
      readonly letter: Letter;
      readonly delayMs: number;
      readonly token: string;
    }
  | { readonly kind: "cancel"; readonly token: string };

export interface Input {
  readonly letter: Letter;
  readonly wantsReply: boolean;
}

/** One invocation, as its function sees it. */
export interface RunOptions {
  readonly self: string;
  readonly session: number;
  readonly invocation: number;
  readonly state: FunctionState;
  readonly book: RunBook;
  readonly verdict: Verdict;
  readonly faults: Faults;
}

/**
 * Runs inputs in order and changes the state. Fails when a letter comes twice or behind a later one of
 * its sender, and when a state is there that has expired, or is not there
 * that has not: so a state that is not the newest one shows itself too.
 */
export function runInputs(options: RunOptions, inputs: readonly Input[]): RunEffects {
  const run = new Run(options);
  run.checkExpiry();
  inputs.forEach((input, at) => {
    run.receive(input.letter);
    for (const [number, step] of input.letter.program.steps.entries()) {
      run.step(step, `${input.letter.program.id}.${number}`);
    }
    if (input.wantsReply) run.reply(at, input.letter.program);
  });
  run.end();
  return run.effects;
}

/** What a record says: who emitted it, the so-manyth to this egress, and which of a step's. */
export type RecordText = readonly [from: string, number: number, name: string];

export function replyText(self: string, program: Program): string {
  return JSON.stringify([self, program.id]);
}

class Run {
  readonly effects: RunEffects = {
    sends: [],
    timers: [],
    records: [],
    replies: [],
    erased: new Set(),
  };
  readonly #options: RunOptions;
  readonly #number: number;
  readonly #warmedBefore: number;
  #wroteBrief = false;
  #wroteWarm = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#number = options.book.next;
    this.#warmedBefore = options.state.ledger.warmed;
  }

  get #ledger(): Ledger {
    return this.#options.state.ledger;
  }

  /** By the time at which the core sent the invocation. */
  checkExpiry(): void {
    const { session, invocation, state, book } = this.#options;
    const { ledger, brief, warm } = state;
    const atMs = book.dispatchedAtMs(session, invocation);
    this.#checkValue("brief", [brief, ledger.brief], book.briefAt(ledger.brief, atMs));
    const outlook = ledger.warm === 0 ? "absent" : book.warmAt(ledger.warmed, atMs);
    this.#checkValue("warm", [warm, ledger.warm], outlook);
  }

  receive(letter: Letter): void {
    const { self, verdict } = this.#options;
    const { from, number, program } = letter;
    const ledger = this.#ledger;
    if (number === 0) {
      const isNew = !ledger.once.includes(program.id);
      verdict.check(isNew, () => `${self} gets ${program.id} of ${from} twice`);
      ledger.once.push(program.id);
      return;
    }
    const before = ledger.in[from] ?? 0;
    verdict.check(
      number > before,
      () => `${self} gets letter ${number} of ${from} after letter ${before}`,
    );
    // Those between were given up, or are lost: the oracle knows.
    for (let missing = before + 1; missing < number; missing++)
      ledger.skipped.push([from, missing]);
    ledger.in[from] = number;
  }

  step(step: Step, id: string): void {
    switch (step.do) {
      case "add":
        this.#options.state.tally += step.amount;
        break;
      case "send":
        this.#send(step.to, step.program);
        break;
      case "delay":
        this.#delay(step);
        break;
      case "cancel":
        this.#cancel();
        break;
      case "emit":
        for (let at = 0; at < step.records; at++) this.#emit(step.egress, `${id}/${at}`);
        break;
      case "write":
        this.#write(step.state, this.#number);
        break;
      case "erase":
        this.#write(step.state, 0);
        break;
      case "fail":
      case "carry":
        break;
    }
  }

  reply(input: number, program: Program): void {
    this.effects.replies.push({ input, text: replyText(this.#options.self, program) });
  }

  end(): void {
    const { book, session, invocation, state } = this.#options;
    const ledger = this.#ledger;
    ledger.run = this.#number;
    // A warm value that was there lives on with this invocation.
    const isWarm = ledger.warm !== 0 && (this.#wroteWarm || state.warm !== null);
    if (isWarm) ledger.warmed = this.#number;
    const warmedBefore = this.#wroteWarm ? 0 : this.#warmedBefore;
    const writes: RunWrites = {
      wroteBrief: this.#wroteBrief,
      warmedBefore: isWarm ? warmedBefore : null,
    };
    book.ran(session, invocation, writes);
  }

  #checkValue(
    name: ExpiringState,
    [seen, written]: readonly [number | null, number],
    outlook: Outlook,
  ): void {
    const { self, verdict, faults } = this.#options;
    if (seen === null) {
      if (written !== 0) faults.note("value expired");
      verdict.check(outlook !== "present", `${self} misses the ${name} value of run ${written}`);
      return;
    }
    verdict.check(outlook !== "absent", `${self} sees the expired ${name} value of run ${seen}`);
    verdict.check(seen === written, `${self} sees ${name} of run ${seen}, not of run ${written}`);
  }

  #send(to: string, program: Program): void {
    this.effects.sends.push({ to, letter: this.#letter(to, program) });
  }

  #letter(to: string, program: Program): Letter {
    const number = (this.#ledger.out[to] ?? 0) + 1;
    this.#ledger.out[to] = number;
    return { from: this.#options.self, number, program };
  }

  #delay({ to, delayMs, token, program }: Extract<Step, { do: "delay" }>): void {
    const { self } = this.#options;
    // The token must be free.
    if (token) this.#cancel();
    if (token) this.#ledger.pending = [program.id, this.#number];
    const letter = { from: self, number: 0, program };
    const timer = { kind: "schedule", to, letter, delayMs, token: token ? self : "" } as const;
    this.effects.timers.push(timer);
  }

  #cancel(): void {
    const { pending, cancelled } = this.#ledger;
    if (pending === null) return;
    cancelled.push([pending[0], pending[1], this.#number]);
    this.#ledger.pending = null;
    this.effects.timers.push({ kind: "cancel", token: this.#options.self });
  }

  #emit(egress: string, name: string): void {
    const number = (this.#ledger.out[egress] ?? 0) + 1;
    this.#ledger.out[egress] = number;
    const text: RecordText = [this.#options.self, number, name];
    this.effects.records.push({ egress, text: JSON.stringify(text) });
  }

  #write(name: ExpiringState, run: number): void {
    const { state } = this.#options;
    state[name] = run === 0 ? null : run;
    this.#ledger[name] = run;
    if (run === 0) this.effects.erased.add(name);
    else this.effects.erased.delete(name);
    if (name === "brief") this.#wroteBrief = run !== 0;
    else this.#wroteWarm = run !== 0;
  }
}
