import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type CaseReport, pathOf } from "../src/report/run-report.js";
import { runRuntimeSuites } from "../src/runner/runtime/run-runtime-suites.js";
import { runSdkSuites } from "../src/runner/sdk/run-sdk-suites.js";
import { FunctionServer } from "../src/subject/function-server.js";
import { createClient, Runtime } from "../src/subject/runtime.js";
import { type StartAs, variables } from "../src/subject/told.js";
import { loadRuntimeSuites, loadSdkSuites } from "../src/suite/load-suites.js";
import { type End, PingRelay } from "../src/wire/ping-relay.js";
import { toldMutants } from "./mutants/told-mutants.js";

// Goal: the cases that start the subject once more, and those about PINGs, say something. Method: as
// with the other mutants, but the bug is in what the subject hears, in the program that is started, or
// on the way of its PINGs.

const folder = fileURLToPath(new URL("../..", import.meta.url));
const server = [`${folder}/subjects/sdk-ts/run.sh`];
const runtime = [`${folder}/subjects/statewire/run.sh`];
const impatient = (role: string) => [
  process.execPath,
  fileURLToPath(new URL("mutants/impatient.js", import.meta.url)),
  role,
];

const redials =
  "dials again after delays that grow, begin afresh, and are long after a protocol error";
const pings = "sends PINGs on a connection that it has opened";

interface Parts<Subject> {
  readonly start?: () => Promise<Subject>;
  readonly startAs: StartAs<Subject>;
}

function runSdk(paths: readonly string[], parts: Parts<FunctionServer>) {
  return runSdkSuites({
    start: () => FunctionServer.start(server),
    ...parts,
    stop: (subject) => subject.stop(),
    suites: loadSdkSuites(),
    declared: new Set(["leases", "lazy-state", "wildcard", "limits", "discover", "attach"]),
    selects: (path) => paths.includes(path),
    level: "recovery",
    onCase: () => undefined,
  });
}

function runRuntime(paths: readonly string[], parts: Parts<Runtime>) {
  return runRuntimeSuites({
    start: () => Runtime.start(runtime),
    ...parts,
    stop: (subject) => subject.stop(),
    suites: loadRuntimeSuites(),
    declared: new Set(["leases", "lazy-state", "parked-list", "dial"]),
    selects: (path) => paths.includes(path),
    level: "recovery",
    onCase: () => undefined,
  });
}

function assertCaught(cases: readonly CaseReport[], paths: readonly string[]): void {
  const failed = cases.slice(1).filter(({ outcome }) => outcome === "failed");
  assert.deepEqual(failed.map(pathOf).sort(), [...paths].sort());
}

describe("the kit's own test of subjects that are told something", () => {
  const relays: PingRelay[] = [];
  afterEach(() => {
    for (const relay of relays.splice(0)) relay.close();
  });

  for (const { about, caughtBy, hears } of Object.values(toldMutants)) {
    it(`catches a function server and a runtime that ${about}`, async function () {
      this.timeout(240_000);
      const sdk = await runSdk(caughtBy.sdk, {
        startAs: (told) => {
          return FunctionServer.start(server, { ...told, environment: hears(told.environment) });
        },
      });
      assertCaught(sdk.cases, caughtBy.sdk);
      const { cases } = await runRuntime(caughtBy.runtime, {
        startAs: (told) => {
          return Runtime.start(runtime, { ...told, environment: hears(told.environment) });
        },
      });
      assertCaught(cases, caughtBy.runtime);
    });
  }

  it("catches a function server and a runtime that dial again at a pace of their own", async function () {
    this.timeout(240_000);
    const ofServers = [`end/${redials}`];
    const sdk = await runSdk(ofServers, {
      startAs: (told) => FunctionServer.start(impatient("sdk"), told),
    });
    assertCaught(sdk.cases, ofServers);
    const ofRuntimes = [`connections/${redials}`];
    const { cases } = await runRuntime(ofRuntimes, {
      startAs: (told) => Runtime.start(impatient("runtime"), told),
    });
    assertCaught(cases, ofRuntimes);
  });

  /** Passes everything on but the PINGs of one end. Resolves to its address. */
  async function muting(end: End, target: string): Promise<string> {
    const relay = new PingRelay(target, end);
    relays.push(relay);
    return `127.0.0.1:${await relay.listen()}`;
  }

  /** What the subject is told, with the kit behind a relay. */
  async function behindRelay<
    T extends { readonly environment: { readonly [name: string]: string } },
  >(told: T): Promise<T> {
    const address = told.environment[variables.dial];
    if (address === undefined) return told;
    const dial = await muting("dialler", address);
    return { ...told, environment: { ...told.environment, [variables.dial]: dial } };
  }

  it("catches a function server that sends no PINGs", async function () {
    this.timeout(240_000);
    const paths = ["end/sends PINGs on a connection that a runtime has opened", `end/${pings}`];
    const { cases } = await runSdk(paths, {
      start: async () => {
        const subject = await FunctionServer.start(server);
        return new FunctionServer(await muting("dialled", subject.address), subject.process);
      },
      startAs: async (told) => FunctionServer.start(server, await behindRelay(told)),
    });
    assertCaught(cases, paths);
  });

  it("catches a runtime that sends no PINGs", async function () {
    this.timeout(240_000);
    const paths = [
      "connections/sends PINGs on a connection that a function server has opened",
      `connections/${pings}`,
    ];
    let address = "";
    const { cases } = await runRuntime(paths, {
      start: async () => {
        const gateway = () => createClient(address);
        const subject = await Runtime.start(runtime, { environment: {} }, gateway);
        address = await muting("dialled", subject.address);
        return subject;
      },
      startAs: async (told) => Runtime.start(runtime, await behindRelay(told)),
    });
    assertCaught(cases, paths);
  });
});
