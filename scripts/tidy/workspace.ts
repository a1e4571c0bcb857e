import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The files that the rules look at: text by path, paths relative to the root and with slashes. */
export type Workspace = ReadonlyMap<string, string>;

/** A rule answers with one line for each violation, each starting with the path. */
export type Rule = (workspace: Workspace) => readonly string[];

const root: string = fileURLToPath(new URL("../../..", import.meta.url));
const textFile = /\.(ts|js|mjs|json|md|proto|py|sh|svg|yaml|yml)$|^\.ci\/run$|^LICENSE$/;

/** Every text file that is or would be under version control. */
export function readWorkspace(): Workspace {
  const listing = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root, encoding: "utf8" },
  );
  const paths = listing.split("\0").filter((path) => textFile.test(path));
  const existing = paths.filter((path) => existsSync(join(root, path)));
  return new Map(existing.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** TypeScript that people write: generated code is what its generator makes it. */
export function sourcesOf(workspace: Workspace): readonly string[] {
  return [...workspace.keys()].filter(
    (path) => path.endsWith(".ts") && !path.includes("/src/gen/") && !path.endsWith(".d.ts"),
  );
}

/** Tests may reach across the layers that they test. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|\/test\//.test(path);
}

/** The number of the line that holds a position, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}
