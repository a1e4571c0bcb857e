import type { Faults } from "./faults.js";
import type { GoneLetter } from "./gone-letters.js";
import type { FunctionState, Ledger } from "./ledger.js";
import type { EgressName, Program, Step } from "./program.js";
import { addresses, egresses, unservedAddress } from "./program.js";
import type { Root } from "./root.js";
import type { RunBook } from "./run-book.js";
import type { RecordText } from "./simulated-function.js";
import type { Verdict } from "./verdict.js";

/** What is left when everything has come to rest. */
export interface EndState {
  readonly roots: readonly Root[];
  /** Letters that were given up for good. */
  readonly gone: readonly GoneLetter[];
  /** By address. */
  readonly states: ReadonlyMap<string, FunctionState>;
  /** What arrived at each egress, in order. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

const everyAddress = [...addresses, unservedAddress];

interface Expected {
  tally: number;
  /** How many letters were sent, by sender. */
  readonly in: Map<string, number>;
  readonly out: Map<string, number>;
  readonly once: Set<string>;
}

/**
 * Knows from the messages alone what they must come to, whatever the order in which senders were
 * served: it walks through the programs of the messages from outside, and through those in them.
 */
export class Oracle {
  readonly #book: RunBook;
  readonly #verdict: Verdict;
  readonly #faults: Faults;
  readonly #end: EndState;
  readonly #expected = new Map<string, Expected>();
  /** Names of records, by egress. */
  readonly #records = new Map<EgressName, Set<string>>(egresses.map((name) => [name, new Set()]));
  /** By program. */
  readonly #gone: ReadonlyMap<string, GoneLetter>;
  #messages = 0;

  constructor(
    parts: { readonly book: RunBook; readonly verdict: Verdict; readonly faults: Faults },
    end: EndState,
  ) {
    this.#book = parts.book;
    this.#verdict = parts.verdict;
    this.#faults = parts.faults;
    this.#end = end;
    this.#gone = new Map(end.gone.map((each) => [each.letter.program.id, each]));
    for (const address of everyAddress) {
      this.#expected.set(address, { tally: 0, in: new Map(), out: new Map(), once: new Set() });
    }
  }

  /** Compares. Nothing may be there that nobody asked for, and nothing be missing. Counts messages. */
  check(): number {
    for (const { to, letter, fate } of this.#end.roots) {
      const { from, number, program } = letter;
      const hasRun = fate === "sure" || (fate === "open" && this.#hasArrived(to, program));
      if (hasRun) this.#walk(to, program, number === 0 ? null : from);
    }
    for (const address of everyAddress) this.#checkAddress(address);
    for (const egress of egresses) this.#checkEgress(egress);
    return this.#messages;
  }

  /** `from`: the sender, when the letter has a place in its order. */
  #walk(self: string, program: Program, from: string | null): void {
    const expected = this.#of(self);
    if (from !== null) count(expected.in, from);
    const gone = this.#gone.get(program.id);
    if (gone !== undefined) {
      this.#verdict.check(
        gone.to === self,
        `${program.id} was for ${self}, and went to ${gone.to}`,
      );
      return;
    }
    this.#messages++;
    if (from === null) expected.once.add(program.id);
    program.steps.forEach((step, at) => {
      if (step.do === "add") expected.tally += step.amount;
      else if (step.do === "send") {
        count(expected.out, step.to);
        this.#walk(step.to, step.program, self);
      } else if (step.do === "delay") this.#walkDelayed(self, step);
      else if (step.do === "emit") {
        for (let record = 0; record < step.records; record++) {
          count(expected.out, step.egress);
          this.#records.get(step.egress)?.add(`${program.id}.${at}/${record}`);
        }
      }
    });
  }

  #walkDelayed(self: string, { to, delayMs, program }: Extract<Step, { do: "delay" }>): void {
    const entry = this.#ledger(self).cancelled.find(([id]) => id === program.id);
    const isThere = this.#hasArrived(to, program) || this.#gone.has(program.id);
    const outcome =
      entry === undefined ? "delivered" : this.#book.cancellation(entry[1], entry[2], delayMs);
    const { id } = program;
    this.#verdict.check(outcome !== "delivered" || isThere, `${to} never got delayed ${id}`);
    this.#verdict.check(outcome !== "stopped" || !isThere, `${to} got ${id}, which was cancelled`);
    if (entry !== undefined) {
      this.#faults.note(
        isThere ? "timer fired before its cancellation" : "timer cancelled in time",
      );
    }
    if (isThere) this.#walk(to, program, null);
  }

  #checkAddress(address: string): void {
    const expected = this.#of(address);
    const ledger = this.#ledger(address);
    const tally = this.#end.states.get(address)?.tally ?? 0;
    this.#compare(address, "once", [...expected.once].sort(), [...ledger.once].sort());
    const { last, skipped } = this.#ordered(address, expected.in);
    this.#compare(address, "in", sorted(last), sorted(Object.entries(ledger.in)));
    this.#compare(address, "skipped", skipped.sort(), ledger.skipped.map(String).sort());
    this.#compare(address, "out", sorted(expected.out), sorted(Object.entries(ledger.out)));
    this.#compare(address, "tally", expected.tally, tally);
  }

  /** The newest letter of each sender that has not been given up, and which before it have. */
  #ordered(address: string, sent: ReadonlyMap<string, number>) {
    const isGone = new Set(
      [...this.#gone.values()]
        .filter(({ to }) => to === address)
        .map(({ letter }) => `${letter.from},${letter.number}`),
    );
    const last = new Map<string, number>();
    const skipped: string[] = [];
    for (const [from, total] of sent) {
      let newest = total;
      while (newest > 0 && isGone.has(`${from},${newest}`)) newest--;
      if (newest > 0) last.set(from, newest);
      for (let number = 1; number < newest; number++) {
        if (isGone.has(`${from},${number}`)) skipped.push(`${from},${number}`);
      }
    }
    return { last, skipped };
  }

  #checkEgress(egress: EgressName): void {
    const numbers = new Map<string, number>();
    const names: string[] = [];
    for (const text of this.#end.texts.get(egress) ?? []) {
      const [from, number, name] = readRecord(text);
      const next = (numbers.get(from) ?? 0) + 1;
      this.#verdict.check(
        number === next,
        `${egress} has record ${number} of ${from}, not ${next}`,
      );
      numbers.set(from, number);
      names.push(name);
    }
    this.#compare(egress, "records", [...(this.#records.get(egress) ?? [])].sort(), names.sort());
  }

  #compare(where: string, what: string, expected: unknown, actual: unknown): void {
    const [should, is] = [JSON.stringify(expected), JSON.stringify(actual)];
    this.#verdict.check(should === is, `${what} of ${where} should be ${should}, and is ${is}`);
  }

  #hasArrived(to: string, { id }: Program): boolean {
    return this.#ledger(to).once.includes(id);
  }

  #of(address: string): Expected {
    const expected = this.#expected.get(address);
    if (expected === undefined) return this.#verdict.fail(`no address ${address}`);
    return expected;
  }

  #ledger(address: string): Ledger {
    const state = this.#end.states.get(address);
    if (state === undefined) return this.#verdict.fail(`no address ${address}`);
    return state.ledger;
  }
}

function readRecord(text: string): RecordText {
  try {
    return JSON.parse(text) as RecordText;
  } catch {
    return [text, 0, text];
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: Iterable<readonly [string, number]>): (readonly [string, number])[] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
