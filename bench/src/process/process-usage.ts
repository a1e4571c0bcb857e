import { readFileSync } from "node:fs";

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

function readKibibytes(status: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status);
  if (match === null) throw new Error(`no ${field} in the status of the process`);
  return Number(match[1]);
}
