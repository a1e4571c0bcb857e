import assert from "node:assert/strict";
import { formatAddress, parseAddress } from "../../src/core/address.js";
import type {
  InvocationResult,
  OutgoingMessage,
  OutgoingRecord,
  OutgoingReply,
  TimerChange,
} from "../../src/core/command.js";
import { hashText } from "../../src/core/hash.js";

/** Every address of the simulation. */
export const addresses: readonly string[] = ["t/a", "w/x", "w/y"].flatMap((typeName) =>
  ["0", "1", "2"].map((id) => formatAddress({ typeName, id })),
);

/** A message: the so-manyth of its sender to its target. */
export interface Letter {
  readonly from: string;
  readonly number: number;
  /** How many more letters it may cause, one after the other. */
  readonly hops: number;
}

/** What a function keeps: numbers of what it has received and sent, by sender and target. */
export interface Log {
  readonly received: Record<string, number>;
  readonly sent: Record<string, number>;
  /** Delayed letters may be overtaken, so that each is noted. */
  readonly delayedReceived: Record<string, readonly number[]>;
  readonly delayedSent: Record<string, number>;
  /** Delayed letters that a cancellation may have stopped. */
  readonly cancelled: Record<string, readonly number[]>;
  /** The newest delayed letter with the token, as "target number". */
  readonly pending: string;
}

export const emptyLog: Log = {
  received: {},
  sent: {},
  delayedReceived: {},
  delayedSent: {},
  cancelled: {},
  pending: "",
};

/** What a run of some inputs did. */
export interface Run {
  log: Log;
  tally: number;
  readonly sends: OutgoingMessage[];
  readonly timerChanges: TimerChange[];
  readonly egressRecords: OutgoingRecord[];
  readonly replies: OutgoingReply[];
}

export const letterTypename = "x/letter";

/** The bytes of anything that the simulation sends or keeps. */
export function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function readLog(value: Uint8Array | null): Log {
  return value === null ? emptyLog : (JSON.parse(Buffer.from(value).toString()) as Log);
}

export function readTally(value: Uint8Array | null): number {
  return value === null ? 0 : Number(Buffer.from(value).toString());
}

/** Where a sender's letter of that number goes: the same whenever it is asked. */
export function targetOf(from: string, number: number): string {
  return addresses[hashText(`${from} ${number}`) % addresses.length] ?? "";
}

export function outgoing(to: string, letter: Letter): OutgoingMessage {
  const address = parseAddress(to);
  assert.ok(address !== undefined, to);
  return {
    ...address,
    message: { typename: letterTypename, value: bytesOf(letter) },
    traceparent: "",
  };
}

/**
 * Runs inputs in order, as a function would. Fails when a letter is missing, comes twice, or comes
 * before an earlier one of its sender: so a state that is not the newest shows itself too.
 */
export function runFunction(self: string, inputs: readonly Letter[], log: Log, tally: number): Run {
  const run: Run = { log, tally, sends: [], timerChanges: [], egressRecords: [], replies: [] };
  inputs.forEach((letter, input) => {
    receive(self, run, letter);
    run.tally++;
    act(self, run, letter);
    const value = { typename: letterTypename, value: bytesOf([self, letter.from]) };
    if (letter.from.startsWith("call")) run.replies.push({ input, value });
  });
  return run;
}

/** The result that a server sends for a run. The states are in the order of its own table. */
export function resultOf(
  run: Run,
  invocation: number,
  states: readonly string[],
): InvocationResult {
  const values = new Map([
    ["log", bytesOf(run.log)],
    ["tally", Buffer.from(String(run.tally))],
  ]);
  const stateChanges = states.map((name, state) => ({ state, value: values.get(name) ?? null }));
  const { sends, timerChanges, egressRecords, replies } = run;
  const effects = { stateChanges, sends, timerChanges, egressRecords, replies };
  return { invocation, ...effects, failure: null, refused: null };
}

function receive(self: string, run: Run, { from, number }: Letter): void {
  const { received, delayedReceived } = run.log;
  if (!from.startsWith("late ")) {
    assert.equal(number, (received[from] ?? 0) + 1, `${self} gets the next letter of ${from}`);
    run.log = { ...run.log, received: { ...received, [from]: number } };
    return;
  }
  const before = delayedReceived[from] ?? [];
  assert.ok(!before.includes(number), `${self} gets letter ${number} of ${from} once`);
  run.log = { ...run.log, delayedReceived: { ...delayedReceived, [from]: [...before, number] } };
}

/** What a letter causes depends on it and the log only: running it again does the same. */
function act(self: string, run: Run, letter: Letter): void {
  const choice = hashText(`${self} ${letter.from} ${letter.number}`);
  if (choice % 3 === 0) record(self, run);
  if (letter.hops === 0) return;
  const to = targetOf(self, choice);
  const hops = letter.hops - 1;
  if (choice % 4 === 0) delay(self, run, { to, hops, token: choice % 8 === 0 ? self : "" });
  else send(self, run, { to, hops });
}

function send(
  self: string,
  run: Run,
  { to, hops }: { readonly to: string; readonly hops: number },
) {
  const { sent } = run.log;
  const number = (sent[to] ?? 0) + 1;
  run.log = { ...run.log, sent: { ...sent, [to]: number } };
  run.sends.push(outgoing(to, { from: self, number, hops }));
}

function delay(
  self: string,
  run: Run,
  { to, hops, token }: { readonly to: string; readonly hops: number; readonly token: string },
): void {
  const { delayedSent } = run.log;
  const number = (delayedSent[to] ?? 0) + 1;
  run.log = { ...run.log, delayedSent: { ...delayedSent, [to]: number } };
  if (token !== "") cancelPending(run, token, `${to} ${number}`);
  const message = outgoing(to, { from: `late ${self}`, number, hops });
  run.timerChanges.push({ kind: "schedule", message, delayMs: (number * 7) % 40, token });
}

/** The token must be free: whatever holds it is cancelled, if it has not come up already. */
function cancelPending(run: Run, token: string, next: string): void {
  const { pending, cancelled } = run.log;
  run.timerChanges.push({ kind: "cancel", token });
  run.log = { ...run.log, pending: next };
  if (pending === "") return;
  const [to = "", number = ""] = pending.split(" ");
  const numbers = [...(cancelled[to] ?? []), Number(number)];
  run.log = { ...run.log, cancelled: { ...cancelled, [to]: numbers } };
}

function record(self: string, run: Run): void {
  const { sent } = run.log;
  const number = (sent["e/out"] ?? 0) + 1;
  run.log = { ...run.log, sent: { ...sent, "e/out": number } };
  const value = { typename: letterTypename, value: bytesOf([self, number]) };
  run.egressRecords.push({ egress: "e/out", value });
}
