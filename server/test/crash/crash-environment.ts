import { fileURLToPath } from "node:url";

const hook = new URL("./crash-hook.js", import.meta.url);

export interface CrashPlan {
  /** The folder of the node: what is below it is watched. */
  readonly root: string;
  /** Where it dies. Absent: it does not. */
  readonly point?: string;
  /** It dies at the how manyth time. */
  readonly count?: number;
  /** A file outside the root, for the names of the points that were reached. */
  readonly trace?: string;
}

/** What a node has in its environment that is going to die at a point: crash-hook.ts. */
export function crashEnvironment({ root, point, count, trace }: CrashPlan): Record<string, string> {
  return {
    NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import "${fileURLToPath(hook)}"`,
    CRASH_ROOT: root,
    CRASH_POINT: point ?? "",
    CRASH_COUNT: String(count ?? 1),
    CRASH_TRACE: trace ?? "",
  };
}
