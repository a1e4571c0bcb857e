import type {
  FailureCode,
  Fault,
  InvocationFailure,
  InvocationResult,
  OutgoingRecord,
  OutgoingReply,
  StateChange,
  TimerChange,
} from "../../src/core/command.js";
import type { Story } from "./core-story.js";
import { valueFromText } from "./core-text.js";
import type { Words } from "./core-words.js";
import { valueTypename } from "./core-words.js";

/** A result that is still being put together. */
type Draft = {
  -readonly [Key in keyof InvocationResult]: InvocationResult[Key] extends readonly (infer Item)[]
    ? Item[]
    : InvocationResult[Key];
};

/** A result that did nothing. */
export function emptyResult(invocation: number): Draft {
  return {
    invocation,
    stateChanges: [],
    sends: [],
    timerChanges: [],
    egressRecords: [],
    replies: [],
    failure: null,
    refused: null,
  };
}

/**
 * `result s1 #1 EFFECT... [; #2 EFFECT...]`: the results of one frame. An effect is
 *
 *     state0=VALUE                 ("~" deletes)
 *     send t/b/x VALUE
 *     after MS t/b/x VALUE [token=T]
 *     cancel T
 *     record e/out VALUE
 *     reply INPUT VALUE
 *     fail CODE MESSAGE [completed=N] [retry=MS] [batch=1]
 *                                  (with retry, it may be tried again; with batch, no input is to blame)
 *     refused CLAUSE MESSAGE
 */
export function result(story: Story, words: Words): void {
  const session = words.numberAfter("s");
  const results: Draft[] = [];
  while (!words.isEmpty) {
    const draft = emptyResult(words.numberAfter("#"));
    readEffects(words, draft);
    results.push(draft);
  }
  story.step({ kind: "results", session, results });
}

function readEffects(words: Words, draft: Draft): void {
  while (!words.isEmpty) {
    const option = words.option();
    if (option !== undefined) {
      draft.stateChanges.push(stateChange(words, option));
      continue;
    }
    const word = words.next("effect");
    if (word === ";") return;
    readEffect(words, word, draft);
  }
}

function readEffect(words: Words, word: string, draft: Draft): void {
  if (word === "send") draft.sends.push(words.message());
  else if (word === "after") draft.timerChanges.push(delayed(words));
  else if (word === "cancel")
    draft.timerChanges.push({ kind: "cancel", token: words.next("token") });
  else if (word === "record") draft.egressRecords.push(record(words));
  else if (word === "reply") draft.replies.push(reply(words));
  else if (word === "fail") draft.failure = failure(words);
  else if (word === "refused") draft.refused = refused(words);
  else throw words.error(`no effect ${word}`);
}

function stateChange(
  words: Words,
  { name, value }: { readonly name: string; readonly value: string },
): StateChange {
  return { state: words.toNumber(name.slice("state".length)), value: valueFromText(value) };
}

function delayed(words: Words): TimerChange {
  const delayMs = words.number("milliseconds");
  const message = words.message();
  return { kind: "schedule", message, delayMs, token: words.option()?.value ?? "" };
}

function record(words: Words): OutgoingRecord {
  const egress = words.next("egress");
  return { egress, value: { typename: valueTypename, value: valueFromText(words.next("value")) } };
}

function reply(words: Words): OutgoingReply {
  const input = words.number("input");
  return { input, value: { typename: valueTypename, value: valueFromText(words.next("value")) } };
}

function failure(words: Words): InvocationFailure {
  const code = words.next("code") as FailureCode;
  const message = words.next("message");
  let completedInputs = 0;
  let retryAfterMs: number | null = null;
  let isOfBatch = false;
  for (let option = words.option(); option !== undefined; option = words.option()) {
    const number = words.toNumber(option.value);
    if (option.name === "completed") completedInputs = number;
    else if (option.name === "retry") retryAfterMs = number;
    else if (option.name === "batch") isOfBatch = number > 0;
    else throw words.error(`no option ${option.name}`);
  }
  const retryable = retryAfterMs !== null;
  const failed = { code, message, completedInputs, retryable, retryAfterMs: retryAfterMs ?? 0 };
  return isOfBatch ? { ...failed, isOfBatch } : failed;
}

function refused(words: Words): Fault {
  return { clause: words.next("clause"), message: words.next("message") };
}
