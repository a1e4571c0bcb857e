import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { CommandResponse, Commands } from "./command-server.js";

/**
 * A process of the benchmark's own that answers commands. Each thing that is measured runs in a
 * process of its own: codecs and call sites that another measurement has warmed would change it.
 */
export interface Child<C extends Commands> {
  readonly pid: number;
  /** @throws Error with the child's stack when the command fails or the child has ended. */
  call<K extends keyof C & string>(
    command: K,
    ...argument: Parameters<C[K]>
  ): Promise<Awaited<ReturnType<C[K]>>>;
  /** Asks the child to end by itself, and waits for that. */
  close(): Promise<void>;
  /** As `kill -9`, and waits for the end. */
  kill(): Promise<void>;
}

/** Settings of a child that most callers do not need. */
export interface ChildOptions {
  /** Arguments of node itself, for example `--cpu-prof`. Default: none. */
  readonly nodeArguments?: readonly string[];
}

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/**
 * Makes sure that a process which this one started does not outlive it, however it ends: one that
 * was forked notices by itself, one that was spawned does not.
 */
export function endWithParent(child: ChildProcess): void {
  living.add(child);
  child.on("exit", () => living.delete(child));
}

/** Starts a module as a child process and waits until it answers commands. */
export async function openChild<C extends Commands>(
  entry: URL,
  options: ChildOptions = {},
): Promise<Child<C>> {
  const child = fork(fileURLToPath(entry), [], {
    execArgv: [...(options.nodeArguments ?? [])],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const pending = new Map<number, Pending>();
  const ready = new Promise<unknown>((resolve, reject) => pending.set(0, { resolve, reject }));
  child.on("message", (message) => settle(pending, message as CommandResponse));
  child.on("exit", (code, signal) => rejectAll(pending, `${entry} ended: ${signal ?? code}`));
  await ready;
  return commandClient<C>(child, pending);
}

function commandClient<C extends Commands>(
  child: ChildProcess,
  pending: Map<number, Pending>,
): Child<C> {
  let requests = 0;
  return {
    pid: child.pid ?? 0,
    call(command, ...argument) {
      requests += 1;
      const request = requests;
      return new Promise<unknown>((resolve, reject) => {
        pending.set(request, { resolve, reject });
        child.send({ request, command, argument: argument[0] });
      }) as ReturnType<Child<C>["call"]> as never;
    },
    async close() {
      if (hasEnded(child)) return;
      child.disconnect();
      await once(child, "exit");
    },
    async kill() {
      if (hasEnded(child)) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function settle(pending: Map<number, Pending>, response: CommandResponse): void {
  const waiting = pending.get(response.request);
  if (waiting === undefined) return;
  pending.delete(response.request);
  if ("failure" in response) waiting.reject(new Error(response.failure));
  else waiting.resolve(response.answer);
}

function rejectAll(pending: Map<number, Pending>, reason: string): void {
  for (const waiting of pending.values()) waiting.reject(new Error(reason));
  pending.clear();
}
