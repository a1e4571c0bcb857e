import process from "node:process";
import { pathToFileURL } from "node:url";
import { instanceId } from "../instance-id.js";
import { KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";
import type { RestateContext, RestateSdk } from "./restate-sdk.js";

/** The counters of the workload as Restate's virtual objects, in a process of their own. */

export const restateServiceCommands = { listen, handled: () => handled, setHopping };
export type RestateServiceCommands = typeof restateServiceCommands;

const keys = new KeySequence(10_000, "uniform", 8);
const hopper = { name: "hopper" } as const;
let handled = 0;
let hopping = false;

/** Serves the objects `counter` and `hopper` on the port. */
async function listen(options: { readonly sdkPath: string; readonly port: number }): Promise<void> {
  addPromiseWithResolvers();
  // Else it writes two lines per invocation, which would be measured.
  process.env["RESTATE_LOGGING"] = "ERROR";
  const sdk = (await import(pathToFileURL(options.sdkPath).href)) as RestateSdk;
  const counter = sdk.object({ name: "counter", handlers: { add } });
  const hoppers = sdk.object({ name: hopper.name, handlers: { hop } });
  await sdk.serve({ services: [counter, hoppers], port: options.port });
}

/** Lets tokens be sent on, or ends each where it is next handled. */
function setHopping(value: boolean): void {
  hopping = value;
}

async function add(context: RestateContext, amount: number): Promise<number> {
  const total = ((await context.get("total")) ?? 0) + amount;
  context.set("total", total);
  handled += 1;
  return total;
}

async function hop(context: RestateContext, hopsLeft: number): Promise<void> {
  context.set("total", ((await context.get("total")) ?? 0) + 1);
  handled += 1;
  if (!hopping || hopsLeft <= 0) return;
  context.objectSendClient(hopper, instanceId(keys.next()))["hop"]?.(hopsLeft - 1);
}

/** Restate's SDK calls Promise.withResolvers, which Node has from version 22 on. */
function addPromiseWithResolvers(): void {
  const promise = Promise as { withResolvers?: unknown };
  promise.withResolvers ??= () => {
    let settle: object = {};
    const created = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    return { promise: created, ...settle };
  };
}

serveCommands(restateServiceCommands);
