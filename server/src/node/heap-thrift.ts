import { setFlagsFromString } from "node:v8";

/** So much garbage may lie beside what lives before it is collected, in percent. */
const growthPercent = 50;
/** Memory that fills once will fill again: it stays thrifty for so long after. */
const afterMs = 10_000;

/**
 * Keeps the heap small while much waits. V8 lets a heap grow to a multiple of what lives in it, where
 * the machine has the memory: that is quick, and what a backlog leaves behind as it comes and goes to
 * disk would be many times its limit. Collecting earlier, and moving what lives in pages that are half
 * empty, costs a few percent, only then.
 */
export class HeapThrift {
  readonly #nowMs: () => number;
  readonly #setFlags: (flags: string) => void;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #isOn = false;

  constructor(nowMs: () => number, setFlags: (flags: string) => void = setFlagsFromString) {
    this.#nowMs = nowMs;
    this.#setFlags = setFlags;
  }

  /** Called again and again, with whether memory is filling. */
  note(isLoaded: boolean): void {
    const nowMs = this.#nowMs();
    if (isLoaded) this.#loadedAtMs = nowMs;
    const isOn = nowMs - this.#loadedAtMs <= afterMs;
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#setFlags(`--heap-growing-percent=${isOn ? growthPercent : 0}`);
    this.#setFlags(`--${isOn ? "" : "no-"}optimize-for-size`);
  }
}
