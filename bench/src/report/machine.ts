import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import process from "node:process";

/** Where the figures come from: without it they mean nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Other processes' load when the run began: above 0.5 the figures are not for publishing. */
  readonly loadAverage: number;
  readonly commit: string;
}

/** Linux's number of a file system that lives in memory, where fdatasync costs nothing. */
const tmpfsType = 0x01021994;

/** Describes this machine now. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
    commit: readCommit(),
  };
}

/** Whether a folder is in memory. */
export function isInMemory(directory: string): boolean {
  return statfsSync(directory).type === tmpfsType;
}

function readCommit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}
