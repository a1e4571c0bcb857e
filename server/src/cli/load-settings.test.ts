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
      'statewire.yaml:2:1: unknown setting "valueByteMax"; did you mean "valueBytesMax"?',
    );
    assert.equal(
      problems[1],
      'statewire.yaml:3:1: unknown setting "colour"; "statewire run --help" lists them',
    );
    assert.equal(problems[2], 'STATEWIRE_GRCP: unknown setting; did you mean "STATEWIRE_GRPC"?');
  });

  it("suggest nothing far-fetched for an unknown variable", () => {
    const environment = { STATEWIRE_PORT_7410_TCP: "tcp://10.0.0.1", STATEWIRE_VERSION: "1" };
    assert.deepEqual(problemsOf({ environment }), [
      'STATEWIRE_PORT_7410_TCP: unknown setting; "statewire run --help" lists them',
      'STATEWIRE_VERSION: unknown setting; "statewire run --help" lists them',
    ]);
  });

  it("out of bounds are refused with value, bounds, name and place, all at once", () => {
    const workingDirectory = temporaryDirectory({ "statewire.yaml": "idBytesMax: 4096" });
    assert.deepEqual(
      problemsOf({
        workingDirectory,
        environment: { STATEWIRE_BATCH_MAX: "0" },
        flags: { valueBytesMax: "1", drainTimeoutMs: "2 day" },
      }),
      [
        "statewire.yaml:1:1: idBytesMax is 4096: expected a whole number from 16 to 1024",
        'STATEWIRE_BATCH_MAX: batchMax is "0": expected a whole number from 1 to 100000',
        '--value-bytes-max: valueBytesMax is "1": that is 1 byte, ' +
          "expected a size from 1 KiB (1024 bytes) to 128 MiB (134217728 bytes)",
        '--drain-timeout-ms: drainTimeoutMs is "2 day": that is 2 day (172800000 ms), ' +
          "expected a duration from 0 ms to 1 hour (3600000 ms)",
      ],
    );
  });

  it("wants the certificate of the gRPC API together with its key", () => {
    const workingDirectory = temporaryDirectory({});
    const flags = { grpcKeyFile: "key.pem" };
    assert.deepEqual(problemsOf({ workingDirectory, environment: {}, flags }), [
      `grpcKeyFile ${join(workingDirectory, "key.pem")} [--grpc-key-file] is set without ` +
        "grpcCertFile: set both or neither",
    ]);
  });

  const wrong: readonly (readonly [keyof SettingSources["flags"], string, string])[] = [
    ["grpc", "7410", '--grpc: grpc is "7410": expected "host:port" or "[ipv6]:port"'],
    ["http", "localhost:70000", '--http: http is "localhost:70000": expected "host:port"'],
    [
      "batchMax",
      "many",
      '--batch-max: batchMax is "many": expected a whole number from 1 to 100000',
    ],
    ["batchMax", "-1", '--batch-max: batchMax is "-1": expected a whole number from 1 to 100000'],
    [
      "valueBytesMax",
      "5 MB/s",
      '--value-bytes-max: valueBytesMax is "5 MB/s": expected a size from 1 KiB (1024 bytes) ' +
        'to 128 MiB (134217728 bytes), such as 65536 (bytes), "64 KiB" or "1 MiB"',
    ],
    [
      "callTimeoutMs",
      "soon",
      '--call-timeout-ms: callTimeoutMs is "soon": expected a duration from 1 ms ' +
        'to 1 day (86400000 ms), such as 500 (ms), "10 sec", "2m" or "1day"',
    ],
    [
      "logLevel",
      "verbose",
      '--log-level: logLevel is "verbose": expected one of trace, debug, info, warn, error',
    ],
    [
      "checkpointStore",
      "ftp://a",
      '--checkpoint-store: checkpointStore is "ftp://a": expected file:DIR or s3:',
    ],
    [
      "checkpointStore",
      "s3://key:secret@bucket",
      '--checkpoint-store: checkpointStore is "s3://key:secret@bucket": expected',
    ],
    ["dataDir", "", '--data-dir: dataDir is "": expected the path of a directory'],
  ];
  for (const [name, written, expected] of wrong) {
    it(`refuse ${name} ${JSON.stringify(written)}`, () => {
      const [problem] = problemsOf({ flags: { [name]: written } });
      assert.ok(problem?.startsWith(expected), problem);
    });
  }

  it("that contradict one another are refused with both values, their places and a way out", () => {
    const environment = { STATEWIRE_REQUEST_BYTES_MAX: "2097152" };
    assert.deepEqual(problemsOf({ environment, flags: { valueBytesMax: "5 MiB" } }), [
      "valueBytesMax 5 MiB (5242880 bytes) [--value-bytes-max] exceeds a quarter of " +
        "frameBytesMax 4 MiB (4194304 bytes) [default]: set frameBytesMax to " +
        "20 MiB (20971520 bytes) or more, or valueBytesMax to 1 MiB (1048576 bytes) or less",
      "valueBytesMax 5 MiB (5242880 bytes) [--value-bytes-max] exceeds " +
        "requestBytesMax 2 MiB (2097152 bytes) [STATEWIRE_REQUEST_BYTES_MAX]: set requestBytesMax " +
        "to 5 MiB (5242880 bytes) or more, or valueBytesMax to 2 MiB (2097152 bytes) or less",
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
