import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Snapshot, summarize } from "@statewire/example-flights/board/snapshot.js";
import { expectedTotals } from "@statewire/example-flights/expected-totals.js";
import { feed } from "@statewire/example-flights/feed/feed.js";
import { flightsPath, readFlights } from "@statewire/example-flights/flight.js";
import { observeStates } from "@statewire/example-flights/observation.js";
import { Admin } from "@statewire/example-processes/admin.js";
import { Child } from "@statewire/example-processes/child.js";
import { parseAllDocuments } from "yaml";

// Goal: function servers of the Kubernetes manifests scale to zero and back, and are replaced one by
// one, under load: messages wait, none is lost, and no invocation fails.
// Method: the module of the manifests in a real runtime, real function servers that dial in and end
// by SIGTERM, the flights as load, and the totals of the file.

const flightsPerSecond = 4000;
const pollIntervalMs = 20;
const root = fileURLToPath(new URL("../../..", import.meta.url));
const functionServer = join(root, "examples/flights/dist/src/function-server.js");

describe("function servers that come and go", function () {
  this.timeout(120_000);
  const flights = readFlights(flightsPath);
  const expected = expectedTotals(flights);
  let directory = "";
  let runtime: Child;
  let admin: Admin;
  let httpAddress = "";
  let grpcAddress = "";
  let started = 0;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "statewire-scaling-"));
    writeFileSync(join(directory, "module.yaml"), readModule());
    runtime = start("the runtime", [
      ...[join(root, "server/bin/statewire.js"), "run", "module.yaml"],
      ...["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--json"],
    ]);
    const addresses = await runtime.line((line) =>
      line.includes("grpcAddress")
        ? (JSON.parse(line) as { grpcAddress: string; httpAddress: string })
        : undefined,
    );
    ({ grpcAddress, httpAddress } = addresses);
    admin = new Admin(grpcAddress);
  });

  afterEach(async () => {
    await runtime.stop(10_000);
    admin.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  function start(name: string, words: readonly string[], environment = {}): Child {
    const logPath = join(directory, `${name.replaceAll(" ", "-")}.log`);
    return new Child({ name, arguments: words, directory, logPath, environment });
  }

  async function startFunctionServer(): Promise<Child> {
    const child = start(`function server ${++started}`, [functionServer, "127.0.0.1:0"], {
      FLIGHTS_ATTACH_TO: grpcAddress,
    });
    await child.line((line) => line);
    return child;
  }

  async function until(reached: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    for (;;) {
      const status = await admin.inspect();
      const snapshot = summarize(await observeStates(admin), status, expected);
      if (reached(snapshot)) return snapshot;
      await wait(pollIntervalMs);
    }
  }

  async function untilShare(share: number): Promise<void> {
    await until(({ flights: { departed, total } }) => departed >= share * total);
  }

  async function scaleToZero(servers: readonly Child[]): Promise<void> {
    for (const { code } of await Promise.all(servers.map((server) => server.kill("SIGTERM")))) {
      assert.equal(code, 0);
    }
  }

  it("lose no message and fail no invocation, though all of them were gone for a while", async () => {
    const first = [await startFunctionServer(), await startFunctionServer()];
    const feeding = feed(flights, {
      address: grpcAddress,
      flightsPerSecond,
      onProgress: () => undefined,
      onTrouble: (reason) => assert.fail(reason),
    });
    await untilShare(0.2);
    await scaleToZero(first);
    await until(({ node }) => node.messagesWaiting > 2000);
    // A new version, on other ports.
    const second = await startFunctionServer();
    await untilShare(0.5);
    // One by one, as a rolling upgrade does it.
    const third = await startFunctionServer();
    await until(({ node }) => node.endpoints.filter(({ state }) => state === "ready").length === 2);
    await scaleToZero([second]);
    await feeding;
    const { totals } = await until(
      ({ flights: { departed, total }, node, totals: { disagreeing } }) =>
        departed === total && node.messagesWaiting === 0 && disagreeing === 0,
    );
    assert.ok(totals.compared > 20_000);
    assert.equal(await countFailures(httpAddress), 0);
    await scaleToZero([third]);
  });
});

/** The module.yaml of the manifests. */
function readModule(): string {
  const path = join(root, "docker/kubernetes/20-runtime.yaml");
  for (const document of parseAllDocuments(readFileSync(path, "utf8"))) {
    const module: unknown = document.getIn(["data", "module.yaml"]);
    if (typeof module === "string") return module;
  }
  throw new Error(`${path} holds no module.yaml`);
}

async function countFailures(httpAddress: string): Promise<number> {
  const text = await (await fetch(`http://${httpAddress}/metrics`)).text();
  const lines = text.matchAll(/^statewire_function_failures_total\{.*\} (\d+)$/gm);
  return [...lines].reduce((total, [, count]) => total + Number(count), 0);
}
