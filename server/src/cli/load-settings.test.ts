import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  completeSettings,
  environmentNameOf,
  flagOf,
  SettingsError,
  settingNames,
} from "../settings.js";
import { loadSettings, type SettingSources } from "./load-settings.js";

const directories: string[] = [];

function temporaryDirectory(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "statewire-settings-"));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

function sources(given: Partial<SettingSources>): SettingSources {
  return { flags: {}, environment: {}, workingDirectory: temporaryDirectory(), ...given };
}

function problemsOf(given: Partial<SettingSources>): readonly string[] {
  try {
    loadSettings(sources(given));
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("settings", () => {
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
  });

  it("have the documented defaults when nothing is given", () => {
    const workingDirectory = temporaryDirectory();
    const settings = loadSettings(sources({ workingDirectory }));
    assert.equal(settings.dataDir, join(workingDirectory, ".statewire"));
    assert.equal(settings.checkpointStore, `file:${workingDirectory}/.statewire/checkpoints`);
    assert.equal(settings.grpc, "127.0.0.1:7410");
    assert.equal(settings.http, "127.0.0.1:7411");
    assert.equal(settings.valueBytesMax, 1_048_576);
    assert.equal(settings.frameBytesMax, 4_194_304);
    assert.equal(settings.idBytesMax, 512);
    assert.equal(settings.idempotencyRetentionMs, 86_400_000);
  });

  it("of a flag win over the environment, and those over the file", () => {
    const settings = loadSettings(
      sources({
        workingDirectory: temporaryDirectory({
          "statewire.yaml": "batchMax: 1\nidBytesMax: 101\neffectsMax: 1001\n",
        }),
        environment: { STATEWIRE_BATCH_MAX: "2", STATEWIRE_ID_BYTES_MAX: "102", HOME: "/" },
        flags: { batchMax: "3" },
      }),
    );
    assert.deepEqual([settings.batchMax, settings.idBytesMax, settings.effectsMax], [3, 102, 1001]);
  });

  it("may be written with units", () => {
    const { valueBytesMax, drainTimeoutMs, invocationTimeoutMs } = loadSettings(
      sources({
        environment: { STATEWIRE_VALUE_BYTES_MAX: "512KiB" },
        flags: { drainTimeoutMs: "10 sec", invocationTimeoutMs: "500" },
      }),
    );
    assert.deepEqual([valueBytesMax, drainTimeoutMs, invocationTimeoutMs], [524_288, 10_000, 500]);
  });

  it("resolve a path from where it is written", () => {
    const folder = temporaryDirectory({
      "other.yaml": "dataDir: state\ncheckpointStore: file:kept\n",
    });
    const settings = loadSettings(sources({ configFile: join(folder, "other.yaml") }));
    assert.equal(settings.dataDir, join(folder, "state"));
    assert.equal(settings.checkpointStore, `file:${join(folder, "kept")}`);
    const workingDirectory = temporaryDirectory();
    const byFlag = loadSettings(sources({ workingDirectory, flags: { dataDir: "state" } }));
    assert.equal(byFlag.dataDir, join(workingDirectory, "state"));
  });

  it("come from the file that STATEWIRE_CONFIG names", () => {
    const workingDirectory = temporaryDirectory({ "node.yaml": "batchMax: 7" });
    const environment = { STATEWIRE_CONFIG: "node.yaml" };
    assert.equal(loadSettings(sources({ workingDirectory, environment })).batchMax, 7);
  });

  it("take an empty variable for none", () => {
    assert.equal(
      loadSettings(sources({ environment: { STATEWIRE_BATCH_MAX: "" } })).batchMax,
      1000,
    );
  });

  it("name the nearest one for an unknown variable or key, and where it stands", () => {
    const workingDirectory = temporaryDirectory({
      "statewire.yaml": "# settings\nvalueByteMax: 5000\ncolour: red\n",
    });
    const problems = problemsOf({ workingDirectory, environment: { STATEWIRE_GRCP: "a:1" } });
    assert.equal(
      problems[0],
      'statewire.yaml:2:1: unknown setting valueByteMax; did you mean "valueBytesMax"?',
    );
    assert.match(
      problems[1] ?? "",
      /^statewire.yaml:3:1: unknown setting colour; valid: "dataDir",/,
    );
    assert.equal(problems[2], 'unknown setting STATEWIRE_GRCP; did you mean "STATEWIRE_GRPC"?');
  });

  it("out of bounds are refused with both values and the name, all at once", () => {
    const workingDirectory = temporaryDirectory({ "statewire.yaml": "idBytesMax: 4096" });
    assert.deepEqual(
      problemsOf({
        workingDirectory,
        environment: { STATEWIRE_BATCH_MAX: "0" },
        flags: { valueBytesMax: "1", drainTimeoutMs: "2 day" },
      }),
      [
        "statewire.yaml:1:1: idBytesMax 4096 exceeds its maximum 1024",
        "batchMax 0 is below its minimum 1 (STATEWIRE_BATCH_MAX)",
        "valueBytesMax 1 is below its minimum 1024 (--value-bytes-max)",
        "drainTimeoutMs 2 day exceeds its maximum 3600000 (--drain-timeout-ms)",
      ],
    );
  });

  const wrong: readonly (readonly [keyof SettingSources["flags"], string, string])[] = [
    ["grpc", "7410", "grpc 7410 is not an address: expected"],
    ["http", "localhost:70000", "http localhost:70000 is not an address: expected"],
    ["batchMax", "many", "batchMax many is not a whole number"],
    ["batchMax", "-1", "batchMax -1 is not a whole number"],
    ["valueBytesMax", "5 MB", "valueBytesMax 5 MB is not a number of bytes such as"],
    ["drainTimeoutMs", "soon", "drainTimeoutMs soon is not a duration such as"],
    ["logLevel", "verbose", "logLevel verbose is not one of trace, debug, info, warn, error"],
    [
      "checkpointStore",
      "ftp://a",
      "checkpointStore ftp://a is not a store: expected file:DIR or s3:",
    ],
    ["checkpointStore", "s3://key:secret@bucket", "checkpointStore s3://key:secret@bucket is not"],
    ["dataDir", "", 'dataDir "" is not the path of a directory'],
  ];
  for (const [name, written, expected] of wrong) {
    it(`refuse ${name} ${JSON.stringify(written)}`, () => {
      const [problem] = problemsOf({ flags: { [name]: written } });
      assert.ok(problem?.startsWith(expected), problem);
    });
  }

  it("that contradict one another are refused with both values", () => {
    assert.deepEqual(problemsOf({ flags: { valueBytesMax: "5 MiB" } }), [
      "valueBytesMax 5242880 exceeds a quarter of frameBytesMax 4194304",
      "valueBytesMax 5242880 exceeds requestBytesMax 4194304",
    ]);
  });

  it("refuse a file that is missing, broken or not a list of settings", () => {
    const workingDirectory = temporaryDirectory({ "a.yaml": "grpc: [", "b.yaml": "- grpc" });
    const first = (configFile: string) => problemsOf({ workingDirectory, configFile })[0] ?? "";
    assert.match(first("c.yaml"), /^c\.yaml cannot be read: ENOENT/);
    assert.match(first("a.yaml"), /^a\.yaml:1:\d+: not valid YAML: /);
    assert.match(first("b.yaml"), /^b\.yaml:1:1: the document is \["grpc"\]: expected settings/);
  });

  it("have a flag and a variable each, no two the same", () => {
    assert.equal(flagOf("valueBytesMax"), "--value-bytes-max");
    assert.equal(environmentNameOf("valueBytesMax"), "STATEWIRE_VALUE_BYTES_MAX");
    assert.equal(new Set(settingNames.map(flagOf)).size, settingNames.length);
    assert.equal(new Set(settingNames.map(environmentNameOf)).size, settingNames.length);
  });

  it("can be completed from a few values", () => {
    const settings = completeSettings({ dataDir: "/data", grpc: "127.0.0.1:0" });
    assert.equal(settings.grpc, "127.0.0.1:0");
    assert.equal(settings.checkpointStore, "file:/data/checkpoints");
    assert.throws(() => completeSettings({ valueBytesMax: 2 ** 24 }), SettingsError);
  });
});
