import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { endWithParent } from "./child.js";
import { findFreePort } from "./free-port.js";

/** A program in any language that listens on BENCH_ADDRESS. */
export interface ListeningProcess {
  readonly pid: number;
  readonly port: number;
  close(): Promise<void>;
}

const listenTimeoutMs = 60_000;
const pollMs = 20;

/**
 * Starts a program and waits until its port accepts connections.
 *
 * @throws Error when it ends before, or does not listen within a minute.
 */
export async function openListeningProcess(
  command: readonly [program: string, ...rest: string[]],
): Promise<ListeningProcess> {
  const port = await findFreePort();
  const [program, ...rest] = command;
  const child = spawn(program, rest, {
    env: { ...process.env, BENCH_ADDRESS: `127.0.0.1:${port}` },
    stdio: ["ignore", "inherit", "inherit"],
  });
  endWithParent(child);
  const startMs = performance.now();
  while (!(await accepts(port))) {
    if (child.exitCode !== null) {
      throw new Error(`${command.join(" ")} ended with ${child.exitCode}`);
    }
    if (performance.now() - startMs > listenTimeoutMs) {
      throw new Error(`${command.join(" ")} does not listen after ${listenTimeoutMs} ms`);
    }
    await setTimeout(pollMs);
  }
  return {
    pid: child.pid ?? 0,
    port,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
