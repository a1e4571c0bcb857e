import type { Fields } from "../../../protocol/protocol.js";
import type { Data } from "../../../suite/data.js";
import { CaseFailure } from "../../case-failure.js";
import { nextEvent, stepMs } from "../../events.js";
import { mismatch, show } from "../../match.js";
import { invocationFrame } from "../invoke.js";
import { expectResults } from "../results.js";
import type { Scenario } from "../scenarios.js";

/** The table is one that TABLE-2, -3, -11, -13, -16 and -17 allow, and has the interpreter. */
export const validTable: Scenario = async ({ session }) => {
  const functions = list(session.welcome["functions"]);
  const names = functions.map((spec) => String(spec["type_name"] ?? ""));
  unique(names, "type_name");
  for (const spec of functions) validateSpec(spec);
  if (!names.includes("conformance/interpreter")) {
    throw new CaseFailure(`the table lacks conformance/interpreter: ${names.join(", ")}`);
  }
};

function validateSpec(spec: Fields): void {
  const name = String(spec["type_name"] ?? "");
  const [namespace = "", type = "", ...rest] = name.split("/");
  const valid = rest.length === 0 && isPart(namespace) && (type === "*" || isPart(type));
  if (!valid) throw new CaseFailure(`[TABLE-2] "${name}" is no namespace/type`);
  const states = list(spec["states"]);
  unique(
    states.map((state) => String(state["name"])),
    `states of ${name}`,
  );
  for (const state of states) {
    const bytes = Buffer.byteLength(String(state["name"] ?? ""));
    if (bytes < 1 || bytes > 255)
      throw new CaseFailure(`[TABLE-3] a state of ${name} has a name of ${bytes} bytes`);
    if (!state["typename"])
      throw new CaseFailure(`[TABLE-17] ${name} has a state without typename`);
    validateExpiration(state["expiration"] as Fields | undefined);
  }
}

function validateExpiration(expiration: Fields | undefined): void {
  if (expiration === undefined) return;
  const { mode, duration_ms: durationMs = 0 } = expiration;
  const known = mode === "MODE_AFTER_WRITE" || mode === "MODE_AFTER_INVOCATION";
  if (!known || Number(durationMs) < 1) throw new CaseFailure(`[TABLE-13] ${show(expiration)}`);
}

function isPart(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= 1 && bytes <= 255 && !text.includes("*");
}

function unique(names: readonly string[], what: string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new CaseFailure(`${what}: ${twice} stands there twice`);
}

/** `expiring` is announced as INTERPRETER.md declares it. */
export const declaredExpiration: Scenario = async ({ session }) => {
  const interpreter = list(session.welcome["functions"]).find(
    (spec) => spec["type_name"] === "conformance/interpreter",
  );
  const expiring = list(interpreter?.["states"]).find((state) => state["name"] === "expiring");
  const expected = { expiration: { mode: "MODE_AFTER_WRITE", duration_ms: 60_000 } };
  const found = mismatch(expected, expiring, "expiring");
  if (found !== undefined) throw new CaseFailure(found);
};

export const notCompressed: Scenario = async ({ session }) => {
  const { encoding } = session.stream;
  if (encoding !== "identity") throw new CaseFailure(`expected identity, received ${encoding}`);
};

/** Discover answers what Welcome said on this stream, with all features that the server knows. */
export const discoverAsWelcome: Scenario = async ({ server, session }) => {
  const { status, details, fields } = await server.discover({ versions: [1] });
  if (status !== "OK")
    throw new CaseFailure(`Discover: expected OK, received ${status}: ${details}`);
  const { functions, features = [] } = session.welcome;
  const found = mismatch({ version: 1, functions: functions as Data }, fields, "Discover");
  if (found !== undefined) throw new CaseFailure(found);
  const known = (fields["features"] ?? []) as readonly string[];
  const missing = (features as readonly string[]).filter((feature) => !known.includes(feature));
  if (missing.length > 0) throw new CaseFailure(`Discover lacks features ${missing.join(", ")}`);
};

/** 64 invocations that are done at once come back in fewer frames. */
export const batchedResults: Scenario = async ({ session }) => {
  const invoke = Array.from({ length: 64 }, (_each, at) => {
    return { as: `i${at}`, type: "interpreter", id: `i${at}`, inputs: [[]], states: {}, with: {} };
  });
  const before = session.stream.frames;
  await session.stream.send(invocationFrame(session, { invoke }));
  await expectResults(
    session,
    invoke.map(({ as }) => ({ of: as })),
  );
  const frames = session.stream.frames - before;
  if (frames >= 32)
    throw new CaseFailure(`expected fewer than 32 frames for 64 results, received ${frames}`);
};

/** Defines `types` types beyond the table, in frames of 4,096. */
export const manyTypes: Scenario = async ({ session }, parameters) => {
  const next = session.variables.get("next") ?? 0;
  const count = Number(parameters["types"]);
  for (let first = 0; first < count; first += 4096) {
    const types = Array.from({ length: Math.min(4096, count - first) }, (_each, at) => {
      return { index: next + first + at, type_name: `other/type-${first + at}` };
    });
    await session.stream.send({ invocations: { types } });
  }
};

/** ProtocolError with the clause, or a library that refused the message before. [LIMIT-1] */
export const refusedAsTooLarge: Scenario = async ({ session }, parameters) => {
  const event = await nextEvent(session, ["error", "end"], stepMs);
  const expected = String(parameters["clause"]);
  const clause = event.fields["clause"];
  if (event.kind === "error" && clause !== expected) {
    throw new CaseFailure(`protocol error: expected ${expected}, received ${String(clause)}`);
  }
  if (event.kind === "end" && event.fields["status"] !== "RESOURCE_EXHAUSTED") {
    throw new CaseFailure(
      `expected a protocol error or RESOURCE_EXHAUSTED, received ${show(event.fields)}`,
    );
  }
};

/** Welcome, or ProtocolError with the clause. */
export const takesOrRefuses: Scenario = async ({ session }, parameters) => {
  const event = await nextEvent(session, ["welcome", "error"], stepMs);
  const expected = String(parameters["clause"]);
  if (event.kind === "error" && event.fields["clause"] !== expected) {
    throw new CaseFailure(`expected welcome or ${expected}, received ${show(event.fields)}`);
  }
};

function list(value: unknown): readonly Fields[] {
  return (value ?? []) as readonly Fields[];
}
