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

const open = { invocations: 1000, bytes: 16_777_216 };

/** Runtimes with one bug each, by name. */
export const runtimeMutants: { readonly [name: string]: Mutant } = {
  "no-limits": {
    about: "says Hello without limits",
    caughtBy: ["handshake/says Hello as soon as the stream is open"],
    fromRuntime: (frame) => [inHello(frame, ({ limits: _dropped, ...hello }) => hello)],
  },
  "sends-twice": {
    about: "sends every invocation twice",
    caughtBy: ["invocations/sends addresses independently of each other"],
    fromRuntime: (frame) => [inInvocations(frame, (invocation) => [invocation, invocation])],
  },
  "reverses-inputs": {
    about: "sends the inputs of an invocation in reverse",
    caughtBy: ["invocations/sends one invocation of an address at a time, the rest together"],
    fromRuntime: (frame) => [
      inInvocations(frame, (invocation) => ({
        ...invocation,
        inputs: [...list(invocation["inputs"])].reverse(),
      })),
    ],
  },
  "ignores-batch-max": {
    about: "sends more inputs than batch_max",
    caughtBy: ["invocations/keeps to batch_max"],
    fromServer: (frame) => [inTable(frame, ({ batch_max: _dropped, ...spec }) => spec)],
  },
  "forgets-callers": {
    about: "does not name the callers of messages",
    caughtBy: ["invocations/names the caller of a message"],
    fromRuntime: (frame) => [
      inInputs(frame, ({ caller_type: _type, caller_id: _id, ...input }) => input),
    ],
  },
  "loses-traceparent": {
    about: "does not pass a traceparent on",
    caughtBy: ["invocations/passes a traceparent on, and drops one that is none"],
    fromRuntime: (frame) => [inInputs(frame, ({ traceparent: _dropped, ...input }) => input)],
  },
  "empty-is-absent": {
    about: "takes a value of zero bytes for none",
    caughtBy: [
      "invocations/tells a message without a value from an empty one",
      "state/tells a deleted state from an empty one",
    ],
    fromRuntime: (frame) => [withoutEmptyValues(frame) as Fields],
  },
  "forgets-attempts": {
    about: "does not count attempts",
    caughtBy: ["failures/applies what the inputs before the failing one did"],
    fromRuntime: (frame) => [
      inInvocations(frame, ({ attempt: _dropped, ...invocation }) => invocation),
    ],
  },
  "reverses-sends": {
    about: "delivers the sends of a result in reverse",
    caughtBy: ["invocations/keeps the order of one sender to one target over failures"],
    fromServer: (frame) => [changeList(frame, "sends", (sends) => [...sends].reverse())],
  },
  "loses-records": {
    about: "gives out every record but the last of a result",
    caughtBy: ["results/takes results in any order"],
    fromServer: (frame) => [changeList(frame, "egress_records", (all) => all.slice(0, -1))],
  },
  "gives-records-twice": {
    about: "gives out the records of a result twice",
    caughtBy: ["exactly-once/counts every message once over kill -9, lost streams and failures"],
    fromServer: (frame) => [changeList(frame, "egress_records", (all) => [...all, ...all])],
  },
  "keeps-deleted-state": {
    about: "does not delete state",
    caughtBy: ["state/tells a deleted state from an empty one"],
    fromServer: (frame) => [
      changeList(frame, "state_changes", (all) =>
        all.filter((each) => each["value"] !== undefined),
      ),
    ],
  },
  "forgets-replies": {
    about: "answers calls as if the function had not replied",
    caughtBy: ["results/answers a call when its result is durable"],
    fromServer: (frame) => [changeList(frame, "replies", () => [])],
  },
  "sends-lazy-state-empty": {
    about: "answers every state request without values",
    caughtBy: ["state/sends no lazy state"],
    fromRuntime: (frame) => {
      const reply = frame["state_reply"] as Fields | undefined;
      if (reply === undefined) return [frame];
      const states = list(reply["states"]).map(({ state }) => ({ state }));
      return [{ state_reply: { ...reply, states } }];
    },
  },
  "leases-after-failure": {
    about: "names a lease where it has to list the state",
    caughtBy: ["state/names a lease after a result, and states after a failure"],
    fromRuntime: (frame) => [
      inInvocations(frame, (invocation) => {
        const { states: _dropped, ...rest } = invocation;
        const id = number(invocation);
        return id === 1 ? invocation : { ...rest, lease: id - 1 };
      }),
    ],
  },
  "rules-every-lease-out": {
    about: "names leases that it has ruled out",
    caughtBy: ["state/names no lease that it has ruled out, over many addresses"],
    fromRuntime: (frame) => [
      inInvocations(frame, (invocation) => ({ ...invocation, no_lease: true })),
    ],
  },
  "never-expires": {
    about: "keeps state that has expired",
    caughtBy: ["state/forgets a state after its time since the last write"],
    fromServer: (frame) => [
      inTable(frame, (spec) => ({
        ...spec,
        states: list(spec["states"]).map(({ expiration: _dropped, ...state }) => state),
      })),
    ],
  },
  "early-timers": {
    about: "delivers delayed messages at once",
    caughtBy: ["timers/delivers a delayed message after its delay, with its caller"],
    fromServer: (frame) => [
      changeTimers(frame, ({ delay_ms: _dropped, ...schedule }) => [schedule]),
    ],
  },
  "loses-timers": {
    about: "forgets delayed messages",
    caughtBy: ["timers/delivers after kill -9 what is overdue"],
    fromServer: (frame) => [changeTimers(frame, () => [])],
  },
  "never-cancels": {
    about: "does not cancel",
    caughtBy: ["timers/applies timer changes in their order"],
    fromServer: (frame) => [
      changeList(frame, "timer_changes", (all) =>
        all.flatMap((each) => {
          if (each["cancel"] !== undefined) return [];
          const { cancellation_token: _dropped, ...schedule } = each["schedule"] as Fields;
          return [{ schedule }];
        }),
      ),
    ],
  },
  "retries-at-once": {
    about: "tries again before the failure allows it",
    caughtBy: ["failures/waits as long as the failure asks"],
    fromServer: (frame) => [inFailures(frame, ({ retry_after_ms: _dropped, ...rest }) => rest)],
  },
  "retries-everything": {
    about: "tries again what is not retryable",
    caughtBy: ["failures/does not try again what is not retryable"],
    fromServer: (frame) => [inFailures(frame, (failure) => ({ ...failure, retryable: true }))],
  },
  "counts-overload": {
    about: "counts a server's overload as an attempt at the input",
    caughtBy: ["failures/does not count what speaks of the server"],
    fromServer: (frame) => [inFailures(frame, ({ code: _dropped, ...failure }) => failure)],
  },
  "fails-the-batch": {
    about: "undoes what the inputs before a failing one did",
    caughtBy: ["failures/applies what the inputs before the failing one did"],
    fromServer: (frame) => [
      inResults(frame, ({ invocation_id, failure, ...effects }) => {
        if (failure === undefined) return [{ invocation_id, ...effects }];
        const { completed_inputs: _dropped, ...rest } = failure as Fields;
        return [{ invocation_id, failure: rest }];
      }),
    ],
  },
  "ignores-the-window": {
    about: "sends whatever the window",
    caughtBy: ["flow-control/sends nothing while the window is closed"],
    fromServer: (frame) => [inWelcome(frame, (welcome) => ({ ...welcome, window: open }))],
  },
  "ignores-in-flight-max": {
    about: "sends more invocations of an entry than it takes",
    caughtBy: ["flow-control/keeps to in_flight_max of an entry"],
    fromServer: (frame) => [inTable(frame, ({ in_flight_max: _dropped, ...spec }) => spec)],
  },
  "keeps-the-credit": {
    about: "gives no credit back",
    caughtBy: ["flow-control/gives credit back for what it has received"],
    fromRuntime: (frame) => {
      if (frame["credit"] !== undefined) return [];
      const batch = frame["invocations"] as Fields | undefined;
      if (batch === undefined) return [frame];
      const { result_credit_bytes: _dropped, ...rest } = batch;
      return [{ invocations: rest }];
    },
  },
  "sends-after-drain": {
    about: "sends invocations to a server that drains",
    caughtBy: ["flow-control/sends no invocation to a server that drains, and closes the stream"],
    fromServer: (frame) => (frame["drain"] === undefined ? [frame] : []),
  },
  "never-drains": {
    about: "does not say that it drains",
    caughtBy: ["flow-control/drains its streams when it is asked to stop"],
    fromRuntime: (frame) => (frame["drain"] === undefined ? [frame] : []),
  },
  "blames-everybody": {
    about: "holds a result that breaks a clause against everything that was in flight",
    caughtBy: [
      "failures/holds a result that breaks a clause against nothing else that was in flight",
    ],
    fromRuntime: blamesEverybody(),
  },
  "silent-errors": {
    about: "ends the stream on a broken clause without saying which",
    caughtBy: ["frames/refuses a frame of no kind"],
    fromRuntime: (frame) => (frame["error"] === undefined ? [frame] : []),
  },
  "wrong-clause": {
    about: "names another clause than the broken one",
    caughtBy: ["results/refuses a send without target"],
    fromRuntime: (frame) => {
      const error = frame["error"] as Fields | undefined;
      return [error === undefined ? frame : { error: { ...error, clause: "HELLO-1" } }];
    },
  },
};

/** Counts an attempt at every input for each protocol error. */
function blamesEverybody(): (frame: Fields) => readonly Fields[] {
  let errors = 0;
  return (frame) => {
    if (frame["error"] !== undefined) errors++;
    return [
      inInvocations(frame, (invocation) => ({
        ...invocation,
        attempt: Number(invocation["attempt"] ?? 0) + errors,
      })),
    ];
  };
}

function inTable(frame: Fields, change: (spec: Fields) => Fields): Fields {
  return inWelcome(frame, (welcome) => ({
    ...welcome,
    functions: list(welcome["functions"]).map(change),
  }));
}

function inInputs(frame: Fields, change: (input: Fields) => Fields): Fields {
  return inInvocations(frame, (invocation) => ({
    ...invocation,
    inputs: list(invocation["inputs"]).map(change),
  }));
}

function inFailures(frame: Fields, change: (failure: Fields) => Fields): Fields {
  return inResults(frame, ({ failure, ...result }) => {
    return [failure === undefined ? result : { ...result, failure: change(failure as Fields) }];
  });
}

function changeTimers(frame: Fields, change: (schedule: Fields) => readonly Fields[]): Fields {
  return changeList(frame, "timer_changes", (all) =>
    all.flatMap((each) => {
      if (each["schedule"] === undefined) return [each];
      return change(each["schedule"] as Fields).map((schedule) => ({ schedule }));
    }),
  );
}
