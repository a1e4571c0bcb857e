import * as epoch from "./core-epoch-commands.js";
import * as ingress from "./core-ingress-commands.js";
import * as parked from "./core-parked-commands.js";
import { result } from "./core-result-commands.js";
import * as session from "./core-session-commands.js";
import type { Story } from "./core-story.js";
import { effectLines } from "./core-text.js";
import { Words } from "./core-words.js";

/** Carries out one command. What it returns is shown before the effects, if it is text. */
type Handler = (story: Story, words: Words) => unknown;

const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["limits", epoch.limits],
  ["function", epoch.declareFunction],
  ["egress", epoch.declareEgress],
  ["checkpoint", epoch.checkpoint],
  ["remove", epoch.removeEgress],
  ["seal", epoch.seal],
  ["write", epoch.write],
  ["commit", epoch.commit],
  ["fold", epoch.fold],
  ["fold-tables", epoch.foldTables],
  ["crash", epoch.crash],
  ["backlog", epoch.backlog],
  ["cold", epoch.cold],
  ["timers", epoch.timers],
  ["send", ingress.send],
  ["call", ingress.call],
  ["advance", ingress.advance],
  ["why", ingress.why],
  ["ack", ingress.ack],
  ["tick", ingress.tick],
  ["retry", parked.retry],
  ["drop", parked.drop],
  ["position", ingress.position],
  ["position-of-egress", ingress.positionOfEgress],
  ["attach", session.attach],
  ["window", session.window],
  ["drain", session.drain],
  ["kill", session.kill],
  ["ask", session.ask],
  ["declare", session.declare],
  ["result", result],
]);

const declarations = new Set(["limits", "function", "egress"]);

/** Carries out the commands of a block, then takes everything that may leave. */
export function runBlock(story: Story, commands: readonly string[]): string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const words = new Words(command);
    const name = words.next("command");
    const handler = handlers.get(name);
    if (handler === undefined) throw words.error(`no command ${name}`);
    const shown = handler(story, words);
    if (Array.isArray(shown)) lines.push(...shown.map(String));
    if (!words.isEmpty) throw words.error(`what is "${words.rest()}"?`);
  }
  const started = commands.some((command) => !declarations.has(new Words(command).next("command")));
  if (started) lines.push(...effectLines(story.drain()));
  return lines.length === 0 ? ["nothing"] : lines;
}
