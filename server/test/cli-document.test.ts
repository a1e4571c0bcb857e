import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { exitCode } from "../src/cli/command-error.js";
import { statewire } from "./support/command-line.js";

// Goal: docs/CLI.md names the verbs that there are. Method: its table is made from what --help prints.

const file = new URL("../../../docs/CLI.md", import.meta.url);
const begin = "<!-- verbs: begin -->\n";
const end = "<!-- verbs: end -->";

/** What --help says of one verb. */
interface Verb {
  /** As it is typed: "state get <ADDRESS> [NAME]". */
  readonly usage: string;
  readonly description: string;
  readonly options: string;
  readonly examples: readonly string[];
}

/** Every verb, from the help of the command that `words` name and of those under it. */
async function readVerbs(words: readonly string[]): Promise<readonly Verb[]> {
  const { exitCode: code, stdout } = await statewire([...words, "--help"]);
  assert.equal(code, 0, words.join(" "));
  const help = stdout.toString();
  const commands = sectionOf(help, "Commands")
    .join("\n")
    .matchAll(/^ {2}([a-z]+) /gm);
  const names = [...commands].map(([, name = ""]) => name).filter((name) => name !== "help");
  if (names.length > 0) {
    const verbs: Verb[] = [];
    for (const name of names) verbs.push(...(await readVerbs([...words, name])));
    return verbs;
  }
  const [head = "", ...paragraphs] = help.split("\n\n");
  const usage = head.replace(/\s+/g, " ").replace(/^Usage: statewire | \[options\]/g, "");
  const examples = sectionOf(help, "Examples?").map((line) => line.trim());
  const description = (paragraphs[0] ?? "").replace(/\s+/g, " ");
  return [{ usage, description, options: sectionOf(help, "Options").join("\n"), examples }];
}

function sectionOf(help: string, head: string): readonly string[] {
  const [, text = ""] = new RegExp(`^${head}:\n((?: .*\n?)*)`, "m").exec(help) ?? [];
  return text.split("\n").filter((line) => line !== "");
}

function formatVerbs(verbs: readonly Verb[]): string {
  const rows = verbs.map(({ usage, description, examples }) => {
    const sentence = /^.*?\.(?= |$)/.exec(description)?.[0] ?? description;
    const example = examples.find((line) => line.startsWith("statewire ") && !line.includes("|"));
    return `| \`${usage.replace(/[<>]/g, "")}\` | ${sentence} | \`${example}\` |`;
  });
  return `${["| verb | | for example |", "|---|---|---|", ...rows].join("\n")}\n`;
}

describe("docs/CLI.md", () => {
  let verbs: readonly Verb[] = [];

  before(async () => {
    verbs = await readVerbs([]);
  });

  it("has the table of verbs that --help prints (UPDATE=1 writes it)", () => {
    const text = readFileSync(file, "utf8");
    const [before = "", rest = ""] = text.split(begin);
    const [table = "", after = ""] = rest.split(end);
    if (process.env["UPDATE"] === "1") {
      writeFileSync(file, `${before}${begin}${formatVerbs(verbs)}${end}${after}`);
      return;
    }
    assert.equal(table, formatVerbs(verbs));
  });

  it("finds --json and an example in the help of each", () => {
    assert.ok(verbs.length > 10);
    for (const { usage, options, examples } of verbs) {
      assert.match(options, /^ {2}--json /m, usage);
      const [verb = ""] = /^[a-z ]+[a-z]/.exec(usage) ?? [];
      assert.ok(
        examples.some((line) => line.includes(`statewire ${verb}`)),
        `the help of ${usage} has no example`,
      );
    }
  });

  it("has every exit code", () => {
    const [, codes = ""] = readFileSync(file, "utf8").split("| exit code | |\n");
    assert.deepEqual(
      [...codes.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code)),
      Object.values(exitCode),
    );
  });

  it("names only options that some verb has", () => {
    const known = verbs.map(({ options }) => options).join("\n");
    const named = readFileSync(file, "utf8").match(/(?<=[` ])--[a-z][a-z0-9-]+/g) ?? [];
    assert.ok(named.length > 15);
    const unknown = named.filter((flag) => flag !== "--help" && !known.includes(`${flag} `));
    // The settings of run stand in groups of their own.
    assert.deepEqual([...new Set(unknown)], ["--log-format"]);
  });
});
