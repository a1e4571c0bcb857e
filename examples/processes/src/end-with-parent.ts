import { isMainThread } from "node:worker_threads";

/*
 * Loaded into a child before its own script. Standard input is a pipe whose other end the parent
 * holds: when the parent is gone, even by SIGKILL, the system closes it, and the child goes as well.
 * Threads load this too; their standard input says nothing.
 */
if (isMainThread) {
  process.stdin.on("close", () => process.kill(process.pid, "SIGKILL"));
  process.stdin.resume();
  // It is no reason to go on.
  process.stdin.unref();
}
