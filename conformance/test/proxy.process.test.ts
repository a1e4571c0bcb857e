import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Side } from "../src/proxy/conversation.js";
import { ProtocolProxy } from "../src/proxy/protocol-proxy.js";
import type { CaseReport } from "../src/report/run-report.js";
import { pathOf } from "../src/report/run-report.js";
import { runRuntimeSuites } from "../src/runner/runtime/run-runtime-suites.js";
import { runSdkSuites } from "../src/runner/sdk/run-sdk-suites.js";
import { FunctionServer } from "../src/subject/function-server.js";
import { createClient, Runtime } from "../src/subject/runtime.js";
import { loadRuntimeSuites, loadSdkSuites } from "../src/suite/load-suites.js";

// Goal: the proxy names every clause that is broken, and blames nobody who keeps to the protocol.
// Method: it stands between the kit and a correct subject. In cases that expect a protocol error the
// kit breaks the clause that the error names; the subject itself must never be blamed.

const subjects = fileURLToPath(new URL("../../subjects", import.meta.url));

/** Cases whose clause is broken by nobody, or where the other side alone can see it. */
const unseen: ReadonlySet<string> = new Set([
  "handshake/refuses versions that it does not speak",
  "table/refuses another typename of a state that has values",
]);

/** What each side was blamed for in one case. */
type Blame = { readonly [side in Side]: string[] };

interface Judged {
  readonly path: string;
  readonly report: CaseReport;
  readonly blame: Blame;
}

/** Takes down what the proxy says, by case. */
class Court {
  readonly judged: Judged[] = [];
  #blame: Blame = { runtime: [], server: [] };

  readonly proxy = (target: string) =>
    new ProtocolProxy(target, (_stream, _atMs, sighting) => {
      if (sighting.kind !== "violation") return;
      const { side, clause, message } = sighting.violation;
      this.#blame[side].push(`[${clause}] ${message}`);
    });

  readonly onCase = (report: CaseReport): void => {
    this.judged.push({ path: pathOf(report), report, blame: this.#blame });
    this.#blame = { runtime: [], server: [] };
  };
}

interface Step {
  readonly error?: string | readonly string[];
}

/** Paths of the cases that expect a protocol error, with the clauses that it may name. */
function planted(
  suites: readonly {
    readonly suite: string;
    readonly cases: readonly { readonly name: string; readonly steps: readonly object[] }[];
  }[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { suite, cases } of suites) {
    for (const { name, steps } of cases) {
      const clauses = steps.flatMap((step) => (step as Step).error ?? []);
      if (clauses.length > 0 && !unseen.has(`${suite}/${name}`))
        found.set(`${suite}/${name}`, clauses);
    }
  }
  return found;
}

function judge(
  { judged }: Court,
  expected: ReadonlyMap<string, readonly string[]>,
  kit: Side,
): void {
  const subject = kit === "runtime" ? "server" : "runtime";
  const wronged = judged.filter(({ blame }) => blame[subject].length > 0);
  assert.deepEqual(wronged, [], "the correct side was blamed");
  const missed = judged.filter(({ path, blame }) => {
    const clauses = expected.get(path) ?? [];
    return clauses.length > 0 && !clauses.some((id) => blame[kit].join().includes(`[${id}]`));
  });
  assert.deepEqual(missed, [], "a broken clause was not named");
  assert.ok(judged.length > 30, `${judged.length} cases`);
}

describe("the proxy", () => {
  it("names what a runtime breaks, and blames no correct function server", async function () {
    this.timeout(300_000);
    const court = new Court();
    const suites = loadSdkSuites();
    const expected = planted(suites);
    let close = async () => undefined as undefined;
    await runSdkSuites({
      suites,
      declared: undefined,
      level: "recovery",
      selects: (path) => expected.has(path) || /^(state|lazy-state|effects|failures)\//.test(path),
      onCase: court.onCase,
      start: async () => {
        const server = await FunctionServer.start([`${subjects}/sdk-ts/run.sh`]);
        const proxy = court.proxy(server.address);
        close = async () => {
          proxy.close();
          await server.stop();
          return;
        };
        const port = await proxy.listen("127.0.0.1:0");
        return new FunctionServer(`127.0.0.1:${port}`, server.process);
      },
      stop: async (front) => {
        front.disconnect();
        await close();
      },
    });
    judge(court, expected, "runtime");
  });

  it("names what a function server breaks, and blames no correct runtime", async function () {
    this.timeout(300_000);
    const court = new Court();
    const suites = loadRuntimeSuites();
    const expected = planted(suites);
    let proxy: ProtocolProxy | undefined;
    let port = 0;
    await runRuntimeSuites({
      suites,
      declared: undefined,
      level: "recovery",
      selects: (path) => expected.has(path) || /^(ingress)\//.test(path),
      onCase: court.onCase,
      start: async () => {
        const runtime = await Runtime.start(
          [`${subjects}/statewire/run.sh`],
          { environment: {} },
          () => createClient(`127.0.0.1:${port}`),
        );
        proxy = court.proxy(runtime.address);
        port = await proxy.listen("127.0.0.1:0");
        return runtime;
      },
      stop: async (runtime) => {
        proxy?.close();
        await runtime.stop();
      },
    });
    judge(court, expected, "server");
  });
});
