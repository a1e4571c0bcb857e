import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | null = null;

/**
 * Runs the engine's own collector in this thread, and returns how much memory its heap takes then, in
 * bytes. One run moves only a part of what lives in pages that are nearly empty: where much has died,
 * the next one gives back more.
 */
export function collectGarbage(): number {
  collect ??= loadCollector();
  collect();
  return getHeapStatistics().total_physical_size;
}

/** The collector is there only on request. */
function loadCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
