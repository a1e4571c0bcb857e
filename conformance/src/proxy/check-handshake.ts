import type { Fields } from "../protocol/protocol.js";
import { type Conversation, isTypeName, list, number, text } from "./conversation.js";
import type { Report } from "./report.js";

/** Names of the limits of Hello. */
const limitNames = [
  "frame_bytes_max",
  "value_bytes_max",
  "id_bytes_max",
  "effects_max",
  "result_credit_bytes",
] as const;

/** Hello, the runtime's first frame. */
export function checkHello(talk: Conversation, hello: Fields, report: Report): void {
  if (talk.hello !== undefined) {
    report("HELLO-10", "a second Hello");
    return;
  }
  talk.hello = hello;
  const versions = list(hello["versions"]).map(Number);
  const sorted = [...new Set(versions)].sort((a, b) => b - a);
  const isSorted = sorted.join() === versions.join();
  if (versions.length === 0 || versions.includes(0) || !isSorted)
    report("HELLO-7", `versions [${versions.join(", ")}]`);
  for (const name of limitNames) {
    if (number(talk.limits[name]) === 0) report("HELLO-14", `limits.${name} is 0 or not set`);
  }
  const [frame, value] = [talk.limit("frame_bytes_max"), talk.limit("value_bytes_max")];
  if (value > frame / 4)
    report(
      "LIMIT-9",
      `value_bytes_max ${value} is more than a quarter of frame_bytes_max ${frame}`,
    );
  talk.balance = talk.limit("result_credit_bytes");
}

/** Welcome, the server's first frame. */
export function checkWelcome(talk: Conversation, welcome: Fields, report: Report): void {
  if (talk.welcome !== undefined) {
    report("HELLO-10", "a second Welcome");
    return;
  }
  talk.welcome = welcome;
  const versions = list(talk.hello?.["versions"]).map(Number);
  const version = number(welcome["version"]);
  if (!versions.includes(version))
    report("HELLO-3", `version ${version}, offered were [${versions.join(", ")}]`);
  const offered = list(talk.hello?.["features"]).map(String);
  const features = list(welcome["features"]).map(String);
  const isOffered = features.every((each) => offered.includes(each));
  if (!isOffered || new Set(features).size !== features.length)
    report("HELLO-4", `features [${features.join(", ")}], offered were [${offered.join(", ")}]`);
  const functions = list(welcome["functions"]);
  if (functions.length === 0) report("TABLE-11", "a table without entries");
  for (const [at, spec] of functions.entries()) {
    const name = text(spec["type_name"]);
    if (!isTypeName(name, true)) report("TABLE-2", `type_name "${name}" of entry ${at}`);
    if (talk.indexOf(name) !== undefined) report("TABLE-16", `${name} appears twice`);
    talk.assign(at + 1, name, name.endsWith("/*") ? 0 : at + 1);
    checkStates(name, list(spec["states"]), talk.has("lazy-state"), report);
  }
  const window = (welcome["window"] ?? {}) as Fields;
  talk.windows.push({
    invocations: number(window["invocations"]),
    bytes: number(window["bytes"]),
    seenAtMs: talk.nowMs,
  });
}

function checkStates(
  type: string,
  states: readonly Fields[],
  mayBeLazy: boolean,
  report: Report,
): void {
  const names = states.map((state) => text(state["name"]));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) report("TABLE-3", `state ${twice} of ${type} appears twice`);
  for (const state of states) {
    const name = text(state["name"]);
    const where = `state "${name}" of ${type}`;
    const bytes = Buffer.byteLength(name);
    if (bytes < 1 || bytes > 255) report("TABLE-3", `${where} has a name of ${bytes} bytes`);
    if (text(state["typename"]) === "") report("TABLE-17", `${where} has no typename`);
    if (Buffer.byteLength(text(state["typename"])) > 1024)
      report("LIMIT-12", `${where} has a typename of more than 1,024 bytes`);
    if (state["lazy"] === true && !mayBeLazy)
      report("LAZY-1", `${where} is lazy, and Welcome does not name lazy-state`);
    const expiration = state["expiration"] as Fields | undefined;
    if (expiration === undefined) continue;
    const mode = expiration["mode"];
    const isKnown = mode === "MODE_AFTER_WRITE" || mode === "MODE_AFTER_INVOCATION";
    if (!isKnown || number(expiration["duration_ms"]) < 1)
      report("TABLE-13", `${where}: mode ${text(mode)}, ${number(expiration["duration_ms"])} ms`);
  }
}
