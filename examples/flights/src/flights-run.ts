import { type Activity, activityOf, isSettled } from "@statewire/example-processes/activity.js";
import type { Admin } from "@statewire/example-processes/admin.js";
import type { Deployment, Restart } from "@statewire/example-processes/deployment.js";
import { readTally } from "./observation.js";
import type { Progress } from "./progress.js";

export interface FlightsRun {
  /** How many there are. */
  readonly flights: number;
  readonly crash: boolean;
  /** Whether the runtime loses its machine on the way, with its disk. */
  readonly loseMachine: boolean;
  readonly progress: Progress;
  readonly timeoutMs: number;
}

/** Whom to kill once this share of the flights has departed. */
interface Crash {
  readonly victim: "runtime" | "function server" | "machine of the runtime";
  readonly share: number;
}

const crashes: readonly Crash[] = [
  { victim: "runtime", share: 0.2 },
  { victim: "function server", share: 0.5 },
  { victim: "runtime", share: 0.8 },
];

const losses: readonly Crash[] = [{ victim: "machine of the runtime", share: 0.5 }];

/** Between two questions to the runtime: often, so that a crash comes close to its share. */
const pollIntervalMs = 10;

/**
 * Resolves when the runtime has nothing left to do, having killed on the way whom it should.
 *
 * @throws Error when that takes too long, or an ingress or a function has failed for good.
 */
export async function runUntilSettled(deployment: Deployment, run: FlightsRun): Promise<void> {
  const deadline = Date.now() + run.timeoutMs;
  const pending = [...(run.crash ? crashes : []), ...(run.loseMachine ? losses : [])];
  pending.sort((a, b) => a.share - b.share);
  for (;;) {
    const departed = await countDeparted(deployment.admin);
    const activity = activityOf(await deployment.admin.inspect());
    run.progress.update(departed, activity.messagesWaiting);
    const next = pending[0];
    if (next !== undefined && departed >= next.share * run.flights) {
      pending.shift();
      await crash(deployment, { victim: next.victim, departed, activity, run });
    } else if (isSettled(activity)) {
      if (next !== undefined) throw new Error(`the run was over before the ${next.victim} died`);
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`still busy after ${run.timeoutMs} ms: ${JSON.stringify(activity)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
}

interface CrashMoment {
  readonly victim: Crash["victim"];
  readonly departed: number;
  readonly activity: Activity;
  readonly run: FlightsRun;
}

async function crash(deployment: Deployment, moment: CrashMoment): Promise<void> {
  const { victim, departed, activity, run } = moment;
  const restart = await killVictim(deployment, victim);
  const seconds = (restart.downMs / 1000).toFixed(1);
  run.progress.say(
    `  kill -9 of the ${victim} (${restart.pidKilled}) at ${count(departed)} flights, ` +
      `${count(activity.messagesWaiting)} messages waiting, ` +
      `${count(activity.invocationsInFlight)} in flight: back in ${seconds} s`,
  );
}

function killVictim(deployment: Deployment, victim: Crash["victim"]): Promise<Restart> {
  switch (victim) {
    case "runtime":
      return deployment.crashRuntime();
    case "function server":
      return deployment.crashFunctionServer();
    case "machine of the runtime":
      return deployment.loseMachine();
  }
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Every flight that has departed is counted by one of the 24 hours. */
async function countDeparted(admin: Admin): Promise<number> {
  let departed = 0;
  for await (const { states } of admin.listState("flights/hour")) {
    departed += readTally(states, "departures")?.flights ?? 0;
  }
  return departed;
}
