import { readFileSync, writeFileSync } from "node:fs";

/** One step of a scenario: commands, and what is expected to come of them. */
export interface ScenarioBlock {
  /** Comments and empty lines before the commands, as they stand in the file. */
  readonly prelude: readonly string[];
  readonly commands: readonly string[];
  readonly expected: readonly string[];
}

/**
 * A scenario file:
 *
 *     # What the story is about.
 *
 *     attach s1 t/a
 *     send r1 t/a/x hello
 *     ----
 *     dispatch s1 #1 t/a/x [hello]
 *
 * A block is its commands, "----", and the effects up to the next empty line. "#" begins a comment
 * where commands stand.
 */
export function parseScenario(text: string): ScenarioBlock[] {
  const blocks: ScenarioBlock[] = [];
  let prelude: string[] = [];
  let commands: string[] = [];
  let expected: string[] | null = null;
  const end = () => {
    if (expected === null) return;
    blocks.push({ prelude, commands, expected });
    prelude = [];
    commands = [];
    expected = null;
  };
  for (const line of text.trimEnd().split("\n")) {
    if (expected !== null && line !== "") expected.push(line);
    else if (expected !== null) end();
    else if (line === "----") expected = [];
    else if (line === "" || line.startsWith("#")) prelude.push(line);
    else commands.push(line);
  }
  end();
  if (commands.length > 0) throw new Error(`"${commands.join("; ")}" has no ----`);
  return blocks;
}

/** The text of the blocks: what parseScenario() reads. */
export function formatScenario(blocks: readonly ScenarioBlock[]): string {
  const texts = blocks.map(({ prelude, commands, expected }) =>
    [...prelude, ...commands, "----", ...expected].join("\n"),
  );
  return `${texts.join("\n\n")}\n`;
}

/**
 * Runs a file's blocks in order. With `update`, what came of each becomes what the file expects.
 * Returns the file's text as expected and as it came.
 */
export function runScenario(
  path: string,
  run: (commands: readonly string[]) => readonly string[],
  update: boolean,
): { readonly expected: string; readonly actual: string } {
  const blocks = parseScenario(readFileSync(path, "utf8"));
  const actual = formatScenario(
    blocks.map((block) => ({ ...block, expected: run(block.commands) })),
  );
  if (update) writeFileSync(path, actual);
  return { expected: update ? actual : formatScenario(blocks), actual };
}
