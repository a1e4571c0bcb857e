import type {
  Failure,
  Result,
  Send,
  StateValue,
  TimerChange,
} from "@statewire/protos/statewire/v1/stream.js";
import { Failure_Code } from "@statewire/protos/statewire/v1/stream.js";
import { parseAddress } from "../../src/core/address.js";
import type { FunctionServerOptions, Work } from "./function-server.js";
import type { FunctionState } from "./ledger.js";
import { decodeState, encodeState, type StateName } from "./ledger.js";
import type { Letter } from "./program.js";
import { encodeLetter, letterTypename } from "./program.js";
import type { ServerTypes } from "./server-types.js";
import { type Input, type RunEffects, runInputs, type TimerEffect } from "./simulated-function.js";

/** What the results of nothing would send, if anybody took them for results. */
export const ghost = "ghost";

/** An egress that no module declares. */
const unknownEgress = "e/nowhere";

/** Runs functions, or lets them fail, and says what came of it as a result of the protocol. */
export class ResultMaker {
  readonly #options: FunctionServerOptions & { readonly types: ServerTypes };
  constructor(options: FunctionServerOptions & { readonly types: ServerTypes }) {
    this.#options = options;
  }

  result(work: Work): Result {
    const { faults } = this.#options;
    const failure = this.#failureOf(work.inputs);
    const completed = failure === undefined ? work.inputs.length : failure.completedInputs;
    if (completed === 0) return { ...emptyResult(work.invocation), failure };
    const state = decodeState(work.values);
    const effects = runInputs(
      { ...this.#options, self: work.self, invocation: work.invocation, state },
      work.inputs.slice(0, completed),
    );
    const result = { ...this.#resultOf(work, state, effects), failure };
    const isRefused = faults.happens("result that is refused", work.inputs.length > 1 ? 20 : 150);
    if (!isRefused) return result;
    const record = { egress: unknownEgress, typename: letterTypename, value: Buffer.alloc(0) };
    return { ...result, egressRecords: [...result.egressRecords, record] };
  }

  /** The result of an invocation that was never sent, or is among those that are over. */
  stray(over: readonly number[]): Result {
    const { random } = this.#options;
    const isNew = over.length === 0 || random.oneIn(2);
    const letter = { from: ghost, number: 0, program: { id: ghost, steps: [] } };
    return {
      ...emptyResult(isNew ? 1_000_000 : random.pick(over)),
      sends: [this.#send("t/a/0", letter)],
      egressRecords: [{ egress: "e/file", typename: letterTypename, value: Buffer.from(ghost) }],
    };
  }

  #failureOf(inputs: readonly Input[]): Failure | undefined {
    const { random, faults } = this.#options;
    const planned = inputs.findIndex(({ letter }) => this.#isToFail(letter));
    if (planned >= 0) return failure(planned, "boom");
    if (faults.happens("function fails", 50)) return failure(0, "bad luck");
    if (faults.happens("function gives up", 80)) {
      return { ...failure(0, "no good"), retryable: false };
    }
    if (inputs.length > 1 && faults.happens("input fails in the middle of a batch", 8)) {
      return failure(random.between(1, inputs.length - 1), "bad luck in the middle");
    }
    if (!faults.happens("server is overloaded", 80)) return undefined;
    const busy = failure(0, "too much to do");
    return { ...busy, code: Failure_Code.OVERLOADED, retryAfterMs: random.below(50) };
  }

  /** Counts: a program fails so often, and then no more. */
  #isToFail({ program }: Letter): boolean {
    const { failures } = this.#options;
    const times = program.steps.reduce(
      (sum, step) => sum + (step.do === "fail" ? step.times : 0),
      0,
    );
    const failed = failures.get(program.id) ?? 0;
    if (failed >= times) return false;
    failures.set(program.id, failed + 1);
    return true;
  }

  #resultOf(work: Work, state: FunctionState, effects: RunEffects): Result {
    return {
      ...emptyResult(work.invocation),
      stateChanges: changesOf(work, state, effects.erased),
      sends: effects.sends.map(({ to, letter }) => this.#send(to, letter)),
      timerChanges: effects.timers.map((timer) => this.#timerChange(timer)),
      egressRecords: effects.records.map(({ egress, text }) => ({
        egress,
        typename: letterTypename,
        value: Buffer.from(text),
      })),
      replies: effects.replies.map(({ input, text }) => ({
        input,
        typename: letterTypename,
        value: Buffer.from(text),
      })),
    };
  }

  #timerChange(timer: TimerEffect): TimerChange {
    if (timer.kind === "cancel") return { change: { $case: "cancel", value: timer.token } };
    const { to, letter, delayMs, token } = timer;
    const value = { send: this.#send(to, letter), delayMs, cancellationToken: token };
    return { change: { $case: "schedule", value } };
  }

  /** By index or by name, as it comes. */
  #send(to: string, letter: Letter): Send {
    const { typeName, id } = parseAddress(to) ?? { typeName: "", id: "" };
    const { types, random } = this.#options;
    const type = random.oneIn(2) ? types.indexOf(typeName) : 0;
    return {
      type,
      typeName: type === 0 ? typeName : "",
      id,
      typename: letterTypename,
      value: encodeLetter(letter),
      traceparent: "",
    };
  }
}

/** What a result takes from the credit. */
export function payloadBytes(result: Result): number {
  const values = [
    ...result.stateChanges.map(({ value }) => value),
    ...result.sends.map(({ value }) => value),
    ...result.timerChanges.map(({ change }) =>
      change?.$case === "schedule" ? change.value.send?.value : undefined,
    ),
    ...result.egressRecords.map(({ value }) => value),
    ...result.replies.map(({ value }) => value),
  ];
  return values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
}

/** The states that have changed, in the order of the table. */
function changesOf(
  { spec, values }: Work,
  state: FunctionState,
  erased: ReadonlySet<string>,
): StateValue[] {
  return spec.states.flatMap(({ name }, index) => {
    const before = values.get(name) ?? null;
    const after = encodeState(state, name as StateName);
    const isSame = after === null ? before === null : before !== null && after.equals(before);
    return isSame && !erased.has(name) ? [] : [{ state: index, value: after ?? undefined }];
  });
}

export function emptyResult(invocationId: number): Result {
  return {
    invocationId,
    stateChanges: [],
    sends: [],
    timerChanges: [],
    egressRecords: [],
    replies: [],
    failure: undefined,
  };
}

function failure(completedInputs: number, message: string): Failure {
  return {
    code: Failure_Code.FUNCTION,
    message,
    retryable: true,
    retryAfterMs: 0,
    completedInputs,
  };
}
