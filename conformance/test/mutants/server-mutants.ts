import type { Fields } from "../../src/protocol/protocol.js";
import {
  changeList,
  inHello,
  inInvocations,
  inResults,
  inWelcome,
  list,
  number,
  withoutEmptyValues,
} from "./change-frames.js";
import type { Mutant } from "./mutant.js";

/** Function servers with one bug each, by name. */
export const serverMutants: { readonly [name: string]: Mutant } = {
  "announces-unknown-feature": {
    about: "names a feature that the runtime did not offer",
    caughtBy: ["handshake/names only features that were offered"],
    fromServer: (frame) => [inWelcome(frame, (welcome) => ({ ...welcome, features: ["leases"] }))],
  },
  "other-version": {
    about: "chooses a version that nobody offered",
    caughtBy: ["handshake/answers Hello with the table of the interpreter"],
    fromServer: (frame) => [inWelcome(frame, (welcome) => ({ ...welcome, version: 2 }))],
  },
  "repeats-type": {
    about: "has a function type in its table twice",
    caughtBy: ["handshake/answers Hello with the table of the interpreter"],
    fromServer: (frame) => [
      inWelcome(frame, (welcome) => {
        const functions = list(welcome["functions"]);
        return { ...welcome, functions: [...functions, functions[0]] };
      }),
    ],
  },
  "never-expires": {
    about: "forgets to announce expiration",
    caughtBy: ["state/declares expiration as its function does"],
    fromServer: (frame) => [
      inWelcome(frame, (welcome) => ({
        ...welcome,
        functions: list(welcome["functions"]).map((spec) => ({
          ...spec,
          states: list(spec["states"]).map(({ expiration: _dropped, ...state }) => state),
        })),
      })),
    ],
  },
  "closed-window": {
    about: "never opens its window",
    caughtBy: ["flow-control/announces a window that lets it work"],
    fromServer: (frame) => [inWelcome(frame, ({ window: _dropped, ...welcome }) => welcome)],
  },
  "duplicates-results": {
    about: "sends results twice",
    caughtBy: ["invocations/answers every invocation once, in any order"],
    fromServer: (frame) => (frame["results"] === undefined ? [frame] : [frame, frame]),
  },
  "loses-a-result": {
    about: "never sends the result of every third invocation",
    caughtBy: ["invocations/answers every invocation once, in any order"],
    fromServer: (frame) => [
      inResults(frame, (result) => (number(result) % 3 === 0 ? [] : [result])),
    ],
  },
  "swaps-ids": {
    about: "takes the id of another invocation",
    caughtBy: ["invocations/keeps 10,000 addresses apart on one stream"],
    fromServer: (frame) => [swapIds(frame)],
  },
  "reverses-sends": {
    about: "reports sends in reverse",
    caughtBy: ["effects/reports sends in the order in which they were made"],
    fromServer: (frame) => [changeList(frame, "sends", (sends) => [...sends].reverse())],
  },
  "reverses-timers": {
    about: "reports timer changes in reverse",
    caughtBy: ["effects/reports timer changes in their order"],
    fromServer: (frame) => [
      changeList(frame, "timer_changes", (changes) => [...changes].reverse()),
    ],
  },
  "reverses-records": {
    about: "reports egress records in reverse",
    caughtBy: ["effects/reports records in their order"],
    fromServer: (frame) => [changeList(frame, "egress_records", (all) => [...all].reverse())],
  },
  "drops-cancellations": {
    about: "forgets to cancel",
    caughtBy: ["effects/reports timer changes in their order"],
    fromServer: (frame) => [
      changeList(frame, "timer_changes", (all) =>
        all.filter((each) => each["cancel"] === undefined),
      ),
    ],
  },
  "empty-is-absent": {
    about: "takes a value of zero bytes for none",
    caughtBy: [
      "state/tells deleting from writing zero bytes",
      "effects/tells a message without a value from an empty one",
    ],
    fromServer: (frame) => [withoutEmptyValues(frame) as Fields],
  },
  "deletes-nothing": {
    about: "does not report that a state was deleted",
    caughtBy: ["state/tells deleting from writing zero bytes"],
    fromServer: (frame) => [
      changeList(frame, "state_changes", (all) =>
        all.filter((each) => each["value"] !== undefined),
      ),
    ],
  },
  "reports-all-states": {
    about: "reports a state that did not change",
    caughtBy: ["state/reports only states that changed"],
    fromServer: (frame) => [
      changeList(frame, "state_changes", (all) => [...all, { state: 2, value: Buffer.from("x") }]),
    ],
  },
  "fails-the-batch": {
    about: "loses what the inputs before a failing one did",
    caughtBy: ["failures/keeps what the inputs before the failing one did"],
    fromServer: (frame) => [
      inResults(frame, (result) => {
        const { failure, invocation_id } = result;
        if (failure === undefined) return [result];
        return [{ invocation_id, failure: { ...(failure as Fields), completed_inputs: 0 } }];
      }),
    ],
  },
  "tears-the-stream": {
    about: "ends its stream when a function throws",
    caughtBy: ["failures/carries nothing when the first input fails"],
    fromServer: (frame, stream) => {
      const failed = list((frame["results"] as Fields | undefined)?.["results"]).some(
        (each) => each["failure"],
      );
      if (failed) stream.cut();
      return failed ? [] : [frame];
    },
  },
  "never-retryable": {
    about: "says of no failure that it can be tried again",
    caughtBy: [
      "failures/carries nothing when the first input fails",
      "failures/fails as the function says",
    ],
    fromServer: (frame) => [
      inResults(frame, (result) => {
        const { failure } = result;
        return [
          failure === undefined
            ? result
            : { ...result, failure: { ...(failure as Fields), retryable: false } },
        ];
      }),
    ],
  },
  "trusts-leases": {
    about: "runs with what it has when a lease names another version",
    caughtBy: ["leases/asks for a version that it does not hold, before it runs"],
    fromRuntime: (frame) => [
      inInvocations(frame, ({ lease: _dropped, ...invocation }) => invocation),
    ],
  },
  "keeps-what-is-ruled-out": {
    about: "keeps states that no lease will name",
    caughtBy: ["leases/keeps nothing that will not be named"],
    fromRuntime: (frame) => [
      inInvocations(frame, ({ no_lease: _dropped, ...invocation }) => invocation),
    ],
  },
  "keeps-lazy-state": {
    about: "does not ask for lazy state but takes it as absent",
    caughtBy: ["lazy-state/asks for a lazy state when it is read"],
    fromServer: (frame, stream) => {
      const request = frame["state_request"] as Fields | undefined;
      if (request === undefined || request["lease_missing"] === true) return [frame];
      const states = ((request["states"] ?? []) as readonly number[]).map((state) => ({ state }));
      stream.inject("toServer", {
        state_reply: { invocation_id: request["invocation_id"], states },
      });
      return [];
    },
  },
  "ignores-credit": {
    about: "sends results without credit",
    caughtBy: ["flow-control/sends results only while there is credit"],
    fromRuntime: (frame) => [
      inHello(frame, (hello) => ({
        ...hello,
        limits: { ...(hello["limits"] as Fields), result_credit_bytes: 1_000_000_000 },
      })),
    ],
  },
  "forgets-credit": {
    about: "does not take credit from invocation batches",
    caughtBy: ["flow-control/takes credit from an invocation batch"],
    fromRuntime: (frame) => {
      const batch = frame["invocations"] as Fields | undefined;
      if (batch === undefined) return [frame];
      const { result_credit_bytes: _dropped, ...rest } = batch;
      return [{ invocations: rest }];
    },
  },
  "silent-errors": {
    about: "ends the stream on a broken clause without saying which",
    caughtBy: ["handshake/refuses a Hello without limits"],
    fromServer: (frame) => (frame["error"] === undefined ? [frame] : []),
  },
  "wrong-clause": {
    about: "names another clause than the broken one",
    caughtBy: ["invocations/refuses invocation id 0"],
    fromServer: (frame) => {
      const error = frame["error"] as Fields | undefined;
      return [error === undefined ? frame : { error: { ...error, clause: "HELLO-1" } }];
    },
  },
  "stays-after-error": {
    about: "does not end the call after a protocol error",
    caughtBy: ["handshake/refuses a Hello without limits"],
    hidesEnd: true,
  },
  "never-drains": {
    about: "does not say that it drains",
    caughtBy: ["end/says that it drains, finishes, and ends"],
    fromServer: (frame) => (frame["drain"] === undefined ? [frame] : []),
  },
  "late-result": {
    about: "answers an invocation whose time has passed",
    caughtBy: ["invocations/sends no result but a time-out after the time has passed"],
    fromRuntime: (frame) => [
      inInvocations(frame, ({ timeout_ms: _dropped, ...invocation }) => invocation),
    ],
  },
  "one-frame-each": {
    about: "puts each result into a frame of its own",
    caughtBy: ["frames/puts results that are ready together into one frame"],
    fromServer: (frame) => {
      const results = (frame["results"] as Fields | undefined)?.["results"];
      return results === undefined
        ? [frame]
        : list(results).map((each) => ({ results: { results: [each] } }));
    },
  },
  "loses-traceparent": {
    about: "does not pass a traceparent on",
    caughtBy: ["effects/passes a traceparent on"],
    fromServer: (frame) => [
      changeList(frame, "sends", (sends) =>
        sends.map(({ traceparent: _dropped, ...send }) => send),
      ),
    ],
  },
  "forgets-callers": {
    about: "takes every message for one from an ingress",
    caughtBy: ["table/names a caller that is not in the table"],
    fromRuntime: (frame) => [
      inInvocations(frame, (invocation) => ({
        ...invocation,
        inputs: list(invocation["inputs"]).map(
          ({ caller_type: _type, caller_id: _id, ...input }) => input,
        ),
      })),
    ],
  },
};

function swapIds(frame: Fields): Fields {
  const results = list((frame["results"] as Fields | undefined)?.["results"]);
  const [first, second, ...rest] = results;
  if (first === undefined || second === undefined) return frame;
  const swapped = [
    { ...first, invocation_id: second["invocation_id"] },
    { ...second, invocation_id: first["invocation_id"] },
  ];
  return { results: { results: [...swapped, ...rest] } };
}
