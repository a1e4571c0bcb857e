import { readFileSync } from "node:fs";

/** What an image runs, as the last stage of its Dockerfile says. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthTest: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
}

/** Reads the instructions that this project's Dockerfiles use, in their JSON form. */
export function readDockerfile(path: string): ImageDefaults {
  const text = readFileSync(path, "utf8").replaceAll("\\\n", " ");
  const stage = text.slice(text.lastIndexOf("\nFROM "));
  const environment = [...stage.matchAll(/^ENV (.+)$/gm)].flatMap(([, pairs = ""]) =>
    pairs
      .trim()
      .split(/\s+/)
      .map((pair) => pair.split("=") as [string, string]),
  );
  return {
    entrypoint: list(stage, /^ENTRYPOINT (\[.*\])/m),
    command: list(stage, /^CMD (\[.*\])/m),
    healthTest: list(stage, /^HEALTHCHECK .*?CMD (\[.*\])/m),
    environment: Object.fromEntries(environment),
    user: /^USER (\S+)/m.exec(stage)?.[1] ?? "",
  };
}

function list(stage: string, pattern: RegExp): readonly string[] {
  const found = pattern.exec(stage)?.[1];
  return found === undefined ? [] : (JSON.parse(found) as string[]);
}
