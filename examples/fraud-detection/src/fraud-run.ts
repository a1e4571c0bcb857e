import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Admin } from "@statewire/example-processes/admin.js";
import { Deployment, type FunctionServerProgram } from "@statewire/example-processes/deployment.js";
import { type OutsideMessage, produce } from "@statewire/example-processes/producer.js";
import type { NamedState } from "@statewire/protos/statewire/v1/admin.js";
import { fromTypedValue, typed, types } from "@statewire/sdk";
import { AlertLog } from "./alert-log.js";
import { type Crashed, produceWithCrashes } from "./crash-each.js";
import { fraudsExpireMs } from "./functions.js";
import {
  type Alert,
  confirmedFraud,
  counters,
  type Payment,
  payment,
  transactions,
} from "./messages.js";
import type { Workload } from "./workload.js";

/** What the functions came to. */
export interface FraudOutcome {
  /** Frauds that were counted, by account, when all were in. */
  readonly frauds: ReadonlyMap<string, number>;
  /** The scores of the payments, in order: with the frauds known, and after they had expired. */
  readonly scoresBefore: readonly (number | undefined)[];
  readonly scoresAfter: readonly (number | undefined)[];
  readonly alerts: readonly Alert[];
}

const timeoutMs = 30_000;
const functionServerScript = fileURLToPath(new URL("function-server.js", import.meta.url));

/** A function server, and the function types that it runs. */
export interface FraudServer extends FunctionServerProgram {
  readonly functions: readonly string[];
}

/** Functions in TypeScript: these, or all. */
export function typeScriptServer(...functions: readonly string[]): FraudServer {
  return {
    functions: functions.length === 0 ? ["fraud/*"] : functions,
    arguments: [functionServerScript, ...functions],
  };
}

const endpoint = ({ functions }: FraudServer, address: string) => `\
kind: statewire.endpoints.v1/grpc
spec:
  functions: [${functions.join(", ")}]
  address: ${address}
---
`;

const egress = `\
kind: statewire.grpc.v1/egress
spec:
  id: fraud/alerts
`;

/** How a run differs from the usual one. */
export interface FraudRunOptions {
  /** Who runs the functions. Default: one server in TypeScript. */
  readonly servers?: readonly FraudServer[];
  /** Told of each crash. Given: every process is killed once while the last payments are scored. */
  readonly crashed?: Crashed;
}

/**
 * Confirms the frauds, scores the payments, waits until the frauds have expired, and scores the
 * same payments again. `directory` is emptied first.
 */
export async function runFraudDetection(
  workload: Workload,
  directory: string,
  { servers = [typeScriptServer()], crashed }: FraudRunOptions = {},
): Promise<FraudOutcome> {
  const deployment = await Deployment.start({
    directory,
    functionServers: servers.map(({ functions: _, ...program }) => program),
    module: (...addresses) =>
      servers.map((server, index) => endpoint(server, addresses[index] ?? "")).join("") + egress,
  });
  const log = new AlertLog();
  log.follow(deployment.grpcAddress);
  const scoreAgain = (messages: readonly OutsideMessage[]): Promise<void> =>
    crashed === undefined
      ? produce(deployment.grpcAddress, messages)
      : produceWithCrashes(deployment, messages, {
          functionServers: servers.map(({ name = "the functions" }) => name),
          crashed,
          runtimeRestarted: () => log.follow(deployment.grpcAddress),
        });
  try {
    return await deployment.watch(playWorkload(deployment, workload, { log, scoreAgain }));
  } finally {
    log.close();
    await deployment.stop();
  }
}

async function playWorkload(
  deployment: Deployment,
  { frauds, payments }: Workload,
  run: {
    readonly log: AlertLog;
    readonly scoreAgain: (messages: readonly OutsideMessage[]) => Promise<void>;
  },
): Promise<FraudOutcome> {
  const { admin, grpcAddress } = deployment;
  const before = Date.now();
  await produce(grpcAddress, frauds.map(fraudMessage));
  await admin.whenSettled(timeoutMs);
  const counted = await readNumbers(admin, "fraud/counter", "frauds");
  await produce(grpcAddress, payments.map(paymentMessage("before")));
  await admin.whenSettled(timeoutMs);
  const durationMs = Date.now() - before;
  if (durationMs > fraudsExpireMs) {
    throw new Error(
      `the first payments took ${durationMs} ms: the frauds expired meanwhile, after ${fraudsExpireMs} ms`,
    );
  }
  while ((await readNumbers(admin, "fraud/counter", "frauds")).size > 0) await setTimeout(50);
  await run.scoreAgain(payments.map(paymentMessage("after")));
  await deployment.admin.whenSettled(timeoutMs);
  const scores = await readNumbers(deployment.admin, "fraud/transaction", "score");
  return {
    frauds: counted,
    scoresBefore: payments.map((_, index) => scores.get(`before-${index}`)),
    scoresAfter: payments.map((_, index) => scores.get(`after-${index}`)),
    alerts: run.log.alerts,
  };
}

function fraudMessage(account: string): OutsideMessage {
  return { target: counters.at(account), message: typed(confirmedFraud, {}) };
}

function paymentMessage(round: string): (paid: Payment, index: number) => OutsideMessage {
  return (paid, index) => ({
    target: transactions.at(`${round}-${index}`),
    message: typed(payment, paid),
  });
}

/** The values of one state of a function type, by id. */
async function readNumbers(
  admin: Admin,
  typeName: string,
  name: string,
): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>();
  for await (const { id, states } of admin.listState(typeName)) {
    const value = states.find((state) => state.name === name)?.value;
    if (value !== undefined) numbers.set(id, fromTypedValue(types.int, asTyped(value)));
  }
  return numbers;
}

/** A value as the API gives it, as the SDK reads it. */
function asTyped({ typename, value }: NonNullable<NamedState["value"]>) {
  return { typename, value };
}
