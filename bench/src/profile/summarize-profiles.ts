import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CpuProfile, type ProfileEntry, summarizeProfile } from "./cpu-profile.js";

const groupsShown = 14;
const functionsShown = 30;

/** The summary of every .cpuprofile below a folder, as text for people: one per thread. */
export async function summarizeProfiles(directory: string): Promise<string> {
  const files = await readdir(directory, { recursive: true }).catch(() => []);
  const profiles = files.filter((file) => file.endsWith(".cpuprofile")).sort();
  const texts = await Promise.all(profiles.map((file) => summarizeFile(join(directory, file))));
  return texts.join("");
}

async function summarizeFile(path: string): Promise<string> {
  const summary = summarizeProfile(JSON.parse(await readFile(path, "utf8")) as CpuProfile);
  const seconds = (timeMs: number): string => `${(timeMs / 1000).toFixed(1)} s`;
  return [
    "",
    `${path}: busy ${seconds(summary.busyMs)}, idle ${seconds(summary.idleMs)}`,
    ...summary.groups.slice(0, groupsShown).map(renderEntry),
    "  by function",
    ...summary.functions.slice(0, functionsShown).map(renderEntry),
    "",
  ].join("\n");
}

function renderEntry(entry: ProfileEntry): string {
  return `  ${(entry.share * 100).toFixed(1).padStart(5)} %  ${entry.name}`;
}
