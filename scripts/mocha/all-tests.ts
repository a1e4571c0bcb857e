import { readWorkspace } from "../tidy/workspace.js";

// What mocha is told for `npm test` (--config), beside what package.json says for every run.

/** What takes longest, the longest first: nobody waits at the end for a file that has begun late. */
export const longest: readonly string[] = [
  "server/dist/test/crash/crash-points.process.test.js",
  "server/dist/test/torture/pressure.process.test.js",
  "server/dist/test/checkpoint-machines.s3.test.js",
  "server/dist/test/simulation/seeds.simulation.test.js",
  "server/dist/test/crash.process.test.js",
  "server/dist/test/checkpoint-faults.s3.test.js",
  "server/dist/test/statefun-sdks.process.test.js",
  "server/dist/test/checkpoint-outage.s3.test.js",
];

/** Files that wait for processes and servers. */
const waiting = /\.(process|s3|simulation|bundle|socket|lmdb)\.test\.js$/;

/** Every test but the long ones, compiled: by its source, since what was built from others may be left. */
export const spec: readonly string[] = [...readWorkspace().keys()]
  .filter((path) => path.endsWith(".test.ts") && !path.endsWith(".long.test.ts"))
  .map(compiled)
  .sort((a, b) => rank(a) - rank(b));

export const parallel = true;

/** Many tests wait for other processes, and for the disk. */
export const jobs = 5;

export const require: readonly string[] = ["server/dist/test/support/s3-server.js"];

function compiled(path: string): string {
  const owner = /^(examples\/)?[^/]+/.exec(path)?.[0] ?? "";
  return `${owner}/dist${path.slice(owner.length).replace(/\.ts$/, ".js")}`;
}

function rank(path: string): number {
  const at = longest.indexOf(path);
  if (at >= 0) return at - longest.length;
  return waiting.test(path) ? 0 : 1;
}
