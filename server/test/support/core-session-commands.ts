import type { Expiration, FunctionSpec, OpenEntry, StateSpec } from "../../src/core/command.js";
import type { Story } from "./core-story.js";
import type { Words } from "./core-words.js";
import { valueTypename } from "./core-words.js";

/**
 * `attach s1 [invocations=N] [bytes=N] [leases=N] PATTERN [inFlight=N] [batch=N] [state=S]...
 * [open=EXCEPT] ...`
 *
 * An entry that is open has states by `declare` only; EXCEPT is a type that it does not serve, or "none".
 *
 * A state is NAME, then any of ":lazy", ":write:MS", ":invocation:MS" and ":as:TYPENAME".
 */
export function attach(story: Story, words: Words): void {
  const session = words.numberAfter("s");
  const limits = { invocations: 1000, bytes: 1_000_000, leases: 0 };
  for (let option = words.option(); option !== undefined; option = words.option()) {
    Object.assign(limits, { [option.name]: words.toNumber(option.value) });
  }
  const functions: FunctionSpec[] = [];
  while (!words.isEmpty) functions.push(functionSpec(words));
  const { invocations, bytes, leases: leasesMax } = limits;
  const window = { invocations, bytes };
  story.step({ kind: "sessionAttached", session, functions, window, leasesMax });
}

/** `window s1 INVOCATIONS BYTES` */
export function window(story: Story, words: Words): void {
  const session = words.numberAfter("s");
  const invocations = words.number("invocations");
  const bytes = words.number("bytes");
  story.step({ kind: "sessionWindow", session, window: { invocations, bytes } });
}

/** `drain s1` */
export function drain(story: Story, words: Words): void {
  story.step({ kind: "sessionDraining", session: words.numberAfter("s") });
}

/** `kill s1` */
export function kill(story: Story, words: Words): void {
  story.step({ kind: "sessionDetached", session: words.numberAfter("s") });
}

/** `ask s1 #1 lease`, `ask s1 #1 state2 state3` */
export function ask(story: Story, words: Words): void {
  const session = words.numberAfter("s");
  const invocation = words.numberAfter("#");
  const states: number[] = [];
  let leaseMissing = false;
  while (!words.isEmpty) {
    const word = words.next("state");
    if (word === "lease") leaseMissing = true;
    else states.push(words.toNumber(word.slice("state".length)));
  }
  story.step({ kind: "stateRequested", session, invocation, states, leaseMissing });
}

/** `declare s1 #1 state=S...` */
export function declare(story: Story, words: Words): void {
  const session = words.numberAfter("s");
  const invocation = words.numberAfter("#");
  const states: StateSpec[] = [];
  for (let option = words.option(); option !== undefined; option = words.option()) {
    states.push(stateSpec(words, option.value));
  }
  story.step({ kind: "statesDeclared", session, invocation, states });
}

function functionSpec(words: Words): FunctionSpec {
  const pattern = words.next("pattern");
  const states: StateSpec[] = [];
  let open: OpenEntry | null = null;
  const limits = { inFlight: 0, batch: 0 };
  for (let option = words.option(); option !== undefined; option = words.option()) {
    if (option.name === "state") states.push(stateSpec(words, option.value));
    else if (option.name === "open") open = { except: [option.value] };
    else Object.assign(limits, { [option.name]: words.toNumber(option.value) });
  }
  const entry = { pattern, states, inFlightMax: limits.inFlight, batchMax: limits.batch };
  return open === null ? entry : { ...entry, open };
}

function stateSpec(words: Words, text: string): StateSpec {
  const [name = "", ...parts] = text.split(":");
  let typename = valueTypename;
  let lazy = false;
  let expiration: Expiration | null = null;
  while (parts.length > 0) {
    const part = parts.shift();
    if (part === "lazy") lazy = true;
    else if (part === "as") typename = parts.shift() ?? "";
    else {
      const mode = part === "write" ? "afterWrite" : "afterInvocation";
      expiration = { mode, durationMs: words.toNumber(parts.shift() ?? "") };
    }
  }
  return { name, typename, lazy, expiration };
}
