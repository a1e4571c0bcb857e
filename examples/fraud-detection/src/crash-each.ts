import type { Deployment, Restart } from "@statewire/example-processes/deployment.js";
import { type OutsideMessage, produce } from "@statewire/example-processes/producer.js";

/** What was killed, and what came in its place. */
export type Crashed = (name: string, restart: Restart) => void;

/** Who dies while payments are scored. */
export interface Victims {
  readonly functionServers: readonly string[];
  readonly crashed: Crashed;
  /** The runtime answers again. */
  readonly runtimeRestarted: () => void;
}

/**
 * Sends the messages in as many parts as there are processes, and kills one process in the middle of
 * each part by kill -9: the function servers while the second half of the part comes in, the runtime
 * right after the first half is durable.
 */
export async function produceWithCrashes(
  deployment: Deployment,
  messages: readonly OutsideMessage[],
  victims: Victims,
): Promise<void> {
  const { functionServers, crashed, runtimeRestarted } = victims;
  const parts = split(messages, 2 * (functionServers.length + 1));
  for (const [index, name] of functionServers.entries()) {
    await produce(deployment.grpcAddress, parts[2 * index] ?? []);
    const restarting = deployment.crashFunctionServer(index);
    await produce(deployment.grpcAddress, parts[2 * index + 1] ?? []);
    crashed(name, await restarting);
  }
  await produce(deployment.grpcAddress, parts.at(-2) ?? []);
  const restart = await deployment.crashRuntime();
  runtimeRestarted();
  crashed("the runtime", restart);
  await produce(deployment.grpcAddress, parts.at(-1) ?? []);
}

/** Parts of the same size, but for the last ones. */
function split<T>(items: readonly T[], parts: number): readonly (readonly T[])[] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(part * size, (part + 1) * size));
}
