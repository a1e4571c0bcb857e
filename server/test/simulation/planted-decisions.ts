import type { Address } from "../../src/core/address.js";
import type { Command, InvocationResult, ResultsCommand } from "../../src/core/command.js";
import type { Effects } from "../../src/core/effect.js";
import { noEffects } from "../../src/core/shard.js";
import type { PlantedBug } from "./planted-bugs.js";
import { noPlants, type Seams } from "./seams.js";

// Bugs in what is decided and when it is said: at the seams around the loop.

/** A plant of one kind: it changes some of what passes, by counting. */
function everyNth(nth: number): () => boolean {
  let count = 0;
  return () => ++count % nth === 0;
}

/** Changes the results that come in. */
function withResults(change: (result: InvocationResult) => InvocationResult): Seams {
  return {
    ...noPlants,
    submit: (submit) => (command) => {
      if (command.kind !== "results") submit(command);
      else submit({ ...command, results: command.results.map(change) });
    },
  };
}

export const decisionPlants: readonly PlantedBug[] = [
  {
    name: "acknowledge before durable",
    breaks: "A send is confirmed when it is accepted, not when its epoch is durable.",
    foundBy: /gets letter|should be|never got|is at \d+, and \d+ are confirmed/,
    seams: acknowledgeEarly,
  },
  {
    name: "apply twice",
    breaks: "Now and then the first message of a result is sent twice.",
    foundBy: /gets letter \d+ of .* after letter \d+/,
    seams: () => {
      const isNow = everyNth(20);
      return withResults((result) => {
        const [first] = result.sends;
        return first === undefined || !isNow()
          ? result
          : { ...result, sends: [first, ...result.sends] };
      });
    },
  },
  {
    name: "half a result",
    breaks: "Now and then the state changes of a result are left out.",
    foundBy: /gets letter|should be|never got|gets .* twice|sees|misses|come to rest/,
    seams: () => {
      const isNow = everyNth(20);
      return withResults((result) => (isNow() ? { ...result, stateChanges: [] } : result));
    },
  },
  {
    name: "reorder a mailbox",
    breaks: "The inputs of an invocation are in reverse order.",
    foundBy: /gets letter \d+ of .* after letter \d+|gets .* twice|is answered nothing/,
    seams: () => ({
      ...noPlants,
      release: (release) => (effects) => release(reverseInputs(effects)),
    }),
  },
  {
    name: "ignore the result's session",
    breaks: "A result counts for whatever stream has an invocation of that number in flight.",
    foundBy: /./,
    seams: resultsForAll,
  },
  {
    name: "cancelled timer fires",
    breaks: "A cancellation is forgotten.",
    foundBy: /which was cancelled/,
    seams: () => withResults(forgetLastCancellation),
  },
  {
    name: "name a lease too often",
    breaks: "A lease is named that the server was not given.",
    foundBy: /never broke \[LEASE|a lease, which was not agreed/,
    seams: () => {
      const isNow = everyNth(15);
      return {
        ...noPlants,
        release: (release) => (effects) => release(nameLeases(effects, isNow)),
      };
    },
  },
  {
    name: "retry drops the message",
    breaks: "An operator's retry of a parked address takes its first message away.",
    foundBy: /should be|never got|without an answer/,
    seams: () => ({
      ...noPlants,
      submit: (submit) => (command) => {
        if (command.kind !== "retryParked") submit(command);
        else for (const address of command.addresses) submit(dropOf(command.request, address));
      },
    }),
  },
  {
    name: "outrun a checkpoint",
    breaks: "An egress that waits for checkpoints is let go with the epoch behind the checkpoint.",
    foundBy: /leaves with epoch/,
    seams: () => ({
      ...noPlants,
      submit: (submit) => (command) => {
        if (command.kind !== "checkpointed") submit(command);
        else submit({ ...command, epoch: command.epoch + 100 });
      },
    }),
  },
  {
    name: "acknowledge what was only handed out",
    breaks: "What an egress reports counts for everything that it was handed, written or not.",
    foundBy: /records? (of|\d+)/,
    seams: () => ({
      ...noPlants,
      submit: (submit) => (command) => {
        if (command.kind !== "egressAcknowledged") submit(command);
        else submit({ ...command, sequence: Number.MAX_SAFE_INTEGER });
      },
    }),
  },
];

function dropOf(request: number, address: Address): Command {
  return { kind: "dropParked", request, address, sequence: 0 };
}

function acknowledgeEarly(): Seams {
  let say: (effects: Effects) => void = () => undefined;
  return {
    ...noPlants,
    release: (release) => {
      say = release;
      return release;
    },
    submit: (submit) => (command) => {
      submit(command);
      if (command.kind !== "send") return;
      const acknowledged = [{ request: command.request, duplicate: false }];
      say({ dispatches: [], ...noEffects(), acknowledged });
    },
  };
}

function reverseInputs(effects: Effects): Effects {
  return {
    ...effects,
    dispatches: effects.dispatches.map((dispatch) => ({
      ...dispatch,
      invocations: dispatch.invocations.map((invocation) => ({
        ...invocation,
        messages: invocation.messages.toReversed(),
      })),
    })),
  };
}

function nameLeases(effects: Effects, isNow: () => boolean): Effects {
  return {
    ...effects,
    dispatches: effects.dispatches.map((dispatch) => ({
      ...dispatch,
      invocations: dispatch.invocations.map((invocation) =>
        isNow()
          ? { ...invocation, lease: Math.max(1, invocation.invocation - 1), states: [] }
          : invocation,
      ),
    })),
  };
}

function resultsForAll(): Seams {
  const sessions = new Set<number>();
  return {
    ...noPlants,
    submit: (submit) => {
      sessions.clear();
      return (command) => {
        note(sessions, command);
        submit(command);
        if (command.kind !== "results") return;
        for (const session of sessions) {
          if (session !== command.session) submit({ ...command, session } satisfies ResultsCommand);
        }
      };
    },
  };
}

function note(sessions: Set<number>, command: Command): void {
  if (command.kind === "sessionAttached") sessions.add(command.session);
  if (command.kind === "sessionDetached") sessions.delete(command.session);
}

/** One that frees a token for what follows would show itself at once. */
function forgetLastCancellation(result: InvocationResult): InvocationResult {
  const last = result.timerChanges.at(-1);
  if (last?.kind !== "cancel") return result;
  return { ...result, timerChanges: result.timerChanges.slice(0, -1) };
}
