import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { basename } from "node:path";

/**
 * The kernel gives such a thread a third of what it gives the loop's where both want a core. With
 * more, a busy loop gains nothing, and a base takes twice as long.
 */
const niceness = 5;
const nicenessMax = 19;

/**
 * Makes the calling thread give way to the process's others, which the loop and its collector of
 * garbage are among. Only Linux has priorities of threads: elsewhere it does nothing.
 */
export function runInBackground(): void {
  if (process.platform !== "linux") return;
  try {
    // It links to PID/task/TID.
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.min(nicenessMax, getPriority(thread) + niceness));
  } catch {
    // Without /proc the loop shares its cores with this thread: slower, and as right.
  }
}
