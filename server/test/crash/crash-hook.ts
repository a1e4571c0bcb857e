import { appendFileSync } from "node:fs";
import { placeOf, pointName } from "./disk-step.js";
import { WatchedFiles } from "./watched-files.js";

// Loaded into a node in front of its own code (node --import), and into each of its threads. Makes the
// process die at a point that is named, as by kill -9, or notes which points there are:
//
//   CRASH_ROOT   the folder whose files are watched
//   CRASH_POINT  where to die: "within write data/journal/journal-*"
//   CRASH_COUNT  the how manyth time that the point is reached, on one thread; 1 if it is not set
//   CRASH_TRACE  a file to which each point is appended that a thread reaches

const { env } = process;
const root = env["CRASH_ROOT"] ?? "";
const point = env["CRASH_POINT"] ?? "";
const trace = env["CRASH_TRACE"] ?? "";
let countdown = Number(env["CRASH_COUNT"] ?? 1);

new WatchedFiles({
  placeOf: (path) => placeOf(path, root),
  reach(phase, step, tear) {
    const name = pointName(phase, step);
    if (trace !== "") appendFileSync(trace, `${name}\n`);
    if (name !== point || --countdown > 0) return;
    tear();
    die();
  },
}).begin();

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // Nothing more on this thread, should the system take its time.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
