/** The parts of V8's .cpuprofile format that are read here. Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

/** Where time went: a function, or a group of functions. */
export interface ProfileEntry {
  readonly name: string;
  readonly selfMs: number;
  /** Of the time that the thread was busy. */
  readonly share: number;
}

/** A profile's time without what it spent waiting. */
export interface ProfileSummary {
  readonly busyMs: number;
  readonly idleMs: number;
  readonly groups: readonly ProfileEntry[];
  readonly functions: readonly ProfileEntry[];
}

/** Sums the self time of a profile by function and by group, the most expensive first. */
export function summarizeProfile(profile: CpuProfile): ProfileSummary {
  const selfMs = selfTimes(profile);
  const functions = new Map<string, number>();
  const groups = new Map<string, number>();
  let idleMs = 0;
  let busyMs = 0;
  for (const node of profile.nodes) {
    const timeMs = selfMs.get(node.id) ?? 0;
    if (timeMs === 0) continue;
    const { functionName } = node.callFrame;
    if (functionName === "(idle)" || functionName === "(root)") {
      idleMs += timeMs;
      continue;
    }
    busyMs += timeMs;
    add(functions, nameOf(node), timeMs);
    add(groups, groupOf(node), timeMs);
  }
  return { busyMs, idleMs, groups: rank(groups, busyMs), functions: rank(functions, busyMs) };
}

function selfTimes(profile: CpuProfile): ReadonlyMap<number, number> {
  const selfMs = new Map<number, number>();
  for (const [index, node] of profile.samples.entries()) {
    const deltaMs = (profile.timeDeltas[index + 1] ?? 0) / 1000;
    selfMs.set(node, (selfMs.get(node) ?? 0) + deltaMs);
  }
  return selfMs;
}

function nameOf(node: ProfileNode): string {
  const { functionName, url, lineNumber } = node.callFrame;
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name} ${shortUrl(url)}:${lineNumber + 1}`;
}

/** Packages by name, this repository by folder, node by module, the engine by what it did. */
function groupOf(node: ProfileNode): string {
  const { functionName, url } = node.callFrame;
  if (functionName === "(garbage collector)") return "garbage collection";
  if (url === "") return "native code of node and V8";
  if (url.startsWith("node:")) return url.replace(/^(node:(?:internal\/)?[^/]+).*$/, "$1");
  const dependency = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  return /\/([^/]+\/)dist\/(?:src\/)?/.test(url) ? folderOf(shortUrl(url)) : url;
}

/** "server/core/mailbox.js" from a file's whole URL. */
function shortUrl(url: string): string {
  const dependency = /.*\/node_modules\/(.*)$/.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  return url.replace(/^.*\/([^/]+)\/dist\/(?:src\/)?/, "$1/");
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function add(times: Map<string, number>, name: string, timeMs: number): void {
  times.set(name, (times.get(name) ?? 0) + timeMs);
}

function rank(times: ReadonlyMap<string, number>, busyMs: number): readonly ProfileEntry[] {
  return [...times]
    .map(([name, selfMs]) => ({ name, selfMs, share: selfMs / busyMs }))
    .sort((a, b) => b.selfMs - a.selfMs);
}
