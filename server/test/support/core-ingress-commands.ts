import type { Once } from "../../src/core/command.js";
import { findWaiting } from "../../src/core/waiting.js";
import type { Story } from "./core-story.js";
import type { Words } from "./core-words.js";

/** `send r1 t/a/x VALUE [key=K | from=SOURCE:SEQUENCE] [delay=MS]` */
export function send(story: Story, words: Words): void {
  const request = words.numberAfter("r");
  const message = words.message();
  let once: Once | null = null;
  let delayMs = 0;
  for (let option = words.option(); option !== undefined; option = words.option()) {
    const { name, value } = option;
    if (name === "key") once = { kind: "key", key: value };
    else if (name === "from") once = onceFrom(words, value);
    else if (name === "delay") delayMs = words.toNumber(value);
    else throw words.error(`no option ${name}`);
  }
  story.step({ kind: "send", request, ...message, delayMs, once });
}

/** `call r1 t/a/x VALUE [key=K]` */
export function call(story: Story, words: Words): void {
  const request = words.numberAfter("r");
  const message = words.message();
  const option = words.option();
  const once = option?.name === "key" ? ({ kind: "key", key: option.value } as const) : null;
  story.step({ kind: "call", request, ...message, once });
}

/** `advance r1 SOURCE:SEQUENCE`: the source goes on without a message. */
export function advance(story: Story, words: Words): void {
  const request = words.numberAfter("r");
  const [source = "", sequence = ""] = words.next("source").split(":");
  story.step({ kind: "advance", request, source, sequence: words.toNumber(sequence) });
}

/** `why r1 t/a/x`: what keeps a call without its reply. */
export function why(story: Story, words: Words): string[] {
  const request = words.numberAfter("r");
  const address = words.address();
  const { machine, nowMs } = story;
  const waiting = findWaiting(machine.shard, address, { request, nowMs });
  if (waiting === null) return [`r${request} waits for nothing`];
  const { ahead, attempts, lastFailure, at } = waiting;
  const { kind, ...where } = at;
  const parts = [
    `r${request} is ${kind}`,
    ...Object.entries(where).map((entry) => entry.join(" ")),
  ];
  if (ahead > 0) parts.push(`${ahead} ahead`);
  if (attempts > 0) parts.push(`${attempts} attempts`);
  if (lastFailure !== null) parts.push(`last failure ${lastFailure.code}: ${lastFailure.message}`);
  return [parts.join(", ")];
}

/** `ack e/out SEQUENCE [POSITION]`: the sink has every record up to the sequence. */
export function ack(story: Story, words: Words): void {
  const egress = words.next("egress");
  const sequence = words.number("sequence");
  const position = words.isEmpty ? 0 : words.number("position");
  story.step({ kind: "egressAcknowledged", egress, sequence, position });
}

/** `tick MS` */
export function tick(story: Story, words: Words): void {
  story.tick(words.number("milliseconds"));
}

/** `position SOURCE`, `position-of-egress e/out`: what an ingress or a sink asks at a start. */
export function position(story: Story, words: Words): string[] {
  const source = words.next("source");
  return [`position of ${source} is ${story.machine.position(source)}`];
}

export function positionOfEgress(story: Story, words: Words): string[] {
  const egress = words.next("egress");
  const { sequence, position } = story.machine.egressPosition(egress);
  return [`${egress} stands at ${sequence}, position ${position}`];
}

function onceFrom(words: Words, value: string): Once {
  const [source = "", sequence = ""] = value.split(":");
  return { kind: "sequence", source, sequence: words.toNumber(sequence) };
}
