import { readFileSync } from "node:fs";
import type { Figures } from "../figures.js";

/** What the kernel says about a process. Linux only. */
export interface ProcessUsage {
  /** Resident memory, mapped files included. */
  readonly residentBytes: number;
  /** Resident memory that no file backs: what the process itself allocated. */
  readonly anonymousBytes: number;
  /** CPU time since the process began, all threads, user and system. */
  readonly cpuMs: number;
}

/** Clock ticks per second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** @throws Error when there is no such process, or no /proc. */
export function readProcessUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the command in brackets, and may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    residentBytes: readKibibytes(status, "VmRSS") * 1024,
    anonymousBytes: readKibibytes(status, "RssAnon") * 1024,
    cpuMs: (ticks / ticksPerSecond) * 1000,
  };
}

/** CPU time of processes over one measurement, per message: what other load does not blur. */
export class CpuMeter {
  readonly #pids: Readonly<Record<string, number>>;
  readonly #beganMs: Readonly<Record<string, number>>;

  /** Starts. `pids` names each figure's process, for example `{ runtime: 4711 }`. */
  constructor(pids: Readonly<Record<string, number>>) {
    this.#pids = pids;
    this.#beganMs = readCpu(pids);
  }

  /** One figure per process, `runtimeCpuUs`: microseconds of CPU for each of so many messages. */
  figures(messages: number): Figures {
    const endedMs = readCpu(this.#pids);
    const entries = Object.entries(endedMs).map(([name, cpuMs]) => {
      const spentMs = cpuMs - (this.#beganMs[name] ?? 0);
      return [`${name}CpuUs`, (spentMs * 1000) / messages] as const;
    });
    return messages === 0 ? {} : Object.fromEntries(entries);
  }
}

function readCpu(pids: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => [name, readProcessUsage(pid).cpuMs]),
  );
}

function readKibibytes(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status);
  if (match === null) throw new Error(`no ${field} in the status of the process`);
  return Number(match[1]);
}
