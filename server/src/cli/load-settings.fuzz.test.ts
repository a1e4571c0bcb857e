import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fuzz } from "@statewire/fuzz/fuzz.js";
import { textMutations } from "@statewire/fuzz/mutation.js";
import { assertWritten, decodeOwing } from "@statewire/fuzz/owes.js";
import { unicodeText } from "@statewire/fuzz/unicode-text.js";
import fc from "fast-check";
import { environmentNameOf, type SettingName, SettingsError, settingNames } from "../settings.js";
import { loadSettings } from "./load-settings.js";

// Goal: whatever flags, variables and statewire.yaml say is a setting, or a problem that names the
// setting and where it is written. Method: any values for any names, the file with changed characters.

const directory = mkdtempSync(join(tmpdir(), "statewire-settings-"));
const file = join(directory, "statewire.yaml");

const complete = `dataDir: /var/lib/statewire
grpc: 0.0.0.0:7410
http: "[::1]:7411"
checkpointStore: s3://bucket/prefix
logLevel: debug
logFormat: json
valueBytesMax: 1 MiB
frameBytesMax: 4194304
idBytesMax: 512
callTimeoutMs: 1 min
batchMax: 1000
`;
const words = [
  ...[
    "{toString: 1}",
    "{__proto__: 1}",
    "[1]",
    "null",
    "~",
    "&a ",
    "*a",
    "!!float ",
    "|\n",
    "\u0000",
  ],
  ...[
    "1e3",
    "-1",
    "0x10",
    ".inf",
    ".nan",
    "9".repeat(30),
    "1 TiB",
    "1 KB",
    "10 sec",
    ":",
    "é",
    "\t",
  ],
];
const value = fc.oneof(
  fc.constantFrom("", "1", "1 MiB", "10 sec", "info", "localhost:1", "s3://b", "/a", ...words),
  unicodeText({ maxLength: 200 }),
);
const flags = fc.dictionary(fc.constantFrom(...settingNames), value, { maxKeys: 3 });
const variables = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...settingNames.map(environmentNameOf), "STATEWIRE_X", "PATH"),
    fc.string({ maxLength: 20 }).map((name) => `STATEWIRE_${name}`),
  ),
  value,
  { maxKeys: 3 },
);

function load(
  given: Partial<Record<SettingName, string>>,
  environment: Record<string, string>,
): void {
  const { STATEWIRE_CONFIG: _, ...others } = environment;
  const sources = { flags: given, environment: others, workingDirectory: directory };
  decodeOwing(10_000, () => loadSettings(sources), isProblem);
}

const names = [...settingNames, "statewire.yaml", "STATEWIRE_"];

function isProblem(error: unknown): boolean {
  if (!(error instanceof SettingsError)) return false;
  for (const problem of error.problems) {
    assert.ok(
      names.some((name) => problem.includes(name)),
      `names nothing: ${problem}`,
    );
    assert.ok(problem.length < 1000, `a problem of ${problem.length}`);
    assertWritten(problem);
  }
  return error.problems.length > 0;
}

describe("loadSettings, of any values", () => {
  after(() => rmSync(directory, { recursive: true }));

  beforeEach(() => rmSync(file, { force: true }));

  fuzz(
    "settings: flags and environment",
    fc.property(flags, variables, (given, environment) => {
      load(given, environment);
    }),
    { inputs: 1000 },
  );

  fuzz(
    "settings: file",
    fc.property(textMutations([complete], [...words, ...settingNames, ": ", "\n"]), (text) => {
      writeFileSync(file, text);
      load({}, {});
    }),
    { inputs: 400 },
  );

  fuzz(
    "settings: file, any values",
    fc.property(fc.constantFrom(...settingNames), fc.jsonValue(), (name, json) => {
      writeFileSync(file, `${name}: ${JSON.stringify(json)}\n`);
      load({}, {});
    }),
    { inputs: 400 },
  );

  it("refuses a file that never ends, and one that is not text", () => {
    const problems = [
      ["/dev/zero", /more than \d+ bytes/],
      [directory, /EISDIR|directory/],
    ] as const;
    for (const [configFile, message] of problems) {
      const sources = { flags: {}, environment: {}, workingDirectory: directory, configFile };
      assert.throws(() => loadSettings(sources), message);
    }
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0xe9]));
    const sources = { flags: {}, environment: {}, workingDirectory: directory };
    assert.throws(() => loadSettings(sources), /statewire.yaml cannot be read: it is not UTF-8/);
  });
});
