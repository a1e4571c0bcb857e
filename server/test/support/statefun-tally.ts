import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { AdminClient, GetStateRequest } from "@statewire/protos/statewire/v1/admin.js";
import { settledNode } from "./settled-node.js";
import { StatefunApp, type StatefunSdk } from "./statefun-app.js";
import { StatewireProcess } from "./statewire-process.js";

const accounts = 20;
const inputs = 2_000;

interface Input {
  readonly account: string;
  readonly type: "int" | "string";
  readonly value: number | string;
}

class Tally {
  readonly directory = mkdtempSync(join(tmpdir(), "statewire-statefun-"));
  readonly app: StatefunApp;
  node: StatewireProcess | null = null;

  constructor(app: StatefunApp) {
    this.app = app;
  }

  /** Each input goes to its account, those of one type in order. */
  write(written: readonly Input[]): void {
    for (const type of ["int", "string"]) {
      const lines = written
        .filter((input) => input.type === type)
        .map((input) => JSON.stringify(input));
      writeFileSync(
        join(this.directory, `${type}.ndjson`),
        lines.map((line) => `${line}\n`).join(""),
      );
    }
  }

  start(call = "20 sec"): void {
    const ingress = (type: string) => `---
kind: statewire.file.v1/ingress
spec:
  id: tally/${type}
  path: ${type}.ndjson
  format: ndjson
  targets:
    - {function: tally/account, id: "{account}", valueType: io.statefun.types/${type}, value: "{value}"}
`;
    const module = `kind: io.statefun.endpoints.v2/http
spec:
  functions: tally/*
  urlPathTemplate: http://127.0.0.1:${this.app.port}/statefun
  maxNumBatchRequests: 10
  retry: {attempts: 2, initialBackoff: 1 ms, maxBackoff: 1 ms}
  transport: {type: io.statefun.transports.v1/async, call: ${call}}
---
kind: statewire.file.v1/egress
spec: {id: tally/out, path: out.txt, format: raw}
${ingress("int")}${ingress("string")}`;
    this.node = new StatewireProcess({ module, directory: this.directory });
  }

  async killNode(): Promise<void> {
    await this.node?.kill();
    this.node = null;
  }

  get lines(): string[] {
    const path = join(this.directory, "out.txt");
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  }

  async until(lines: number): Promise<void> {
    while (this.lines.length < lines) await setTimeout(5);
  }

  async grpcAddress(): Promise<string> {
    const { grpcAddress = "" } = (await this.node?.ready()) ?? {};
    return grpcAddress;
  }

  async state(address: { namespace: string; type: string; id: string }, name: string) {
    const client = new AdminClient(await this.grpcAddress(), credentials.createInsecure());
    try {
      return await new Promise<string>((resolve, reject) => {
        client.getState(GetStateRequest.create({ address, name }), (error, response) => {
          if (error !== null) reject(error);
          else resolve(Buffer.from(response.states[0]?.value?.value ?? []).toString("hex"));
        });
      });
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    await this.killNode();
    rmSync(this.directory, { recursive: true });
  }
}

function say(account: string, ...commands: string[]): Input[] {
  return commands.map((value) => ({ account, type: "string", value }));
}

/** What the application has to do on an SDK. */
export function describeTally(sdk: StatefunSdk): void {
  describe(`an application on the official StateFun SDK of ${sdk.language}`, () => {
    // It keeps nothing: all that there is to know of an account comes with a request.
    const app = new StatefunApp(sdk);
    let tally: Tally;

    before(() => app.start());
    after(() => app.kill());

    beforeEach(() => {
      tally = new Tally(app);
    });

    afterEach(() => tally.stop());

    it("has its states, delayed messages, cancellations, callers and records", async () => {
      tally.write([
        { account: "zero", type: "int", value: 0 },
        ...say("never", "report"),
        ...say("late", "remind"),
        ...say("recanted", "recant", "who"),
        ...say("asking", "ask asked"),
        ...say("nobody", "who"),
      ]);
      tally.start();
      await settledNode(await tally.grpcAddress());
      assert.deepEqual([...tally.lines].sort(), [
        "asked asked by asking",
        "late count=none",
        "never count=none",
        "nobody asked by nobody",
        "recanted asked by nobody",
        "zero 0",
      ]);
      await tally.killNode();
      // Another file of the same ingress would be passed over: what is new stands behind.
      const before = readFileSync(join(tally.directory, "string.ndjson"), "utf8");
      const more = say("zero", "report", "forget", "report").map((input) => JSON.stringify(input));
      writeFileSync(join(tally.directory, "string.ndjson"), `${before}${more.join("\n")}\n`);
      tally.start();
      await settledNode(await tally.grpcAddress());
      assert.deepEqual(tally.lines.slice(6), ["zero count=0", "zero count=none"]);
    });

    it("parks the address of a message that it always fails, and serves the others", async () => {
      tally.write([...say("poor", "who", "fail", "who"), ...say("other", "who")]);
      tally.start("2 sec");
      await tally.node?.logged("its address parked");
      await tally.until(2);
      assert.deepEqual([...tally.lines].sort(), ["other asked by nobody", "poor asked by nobody"]);
    }).timeout(60_000);

    it("counts exactly through kill -9 of the runtime and of itself", async () => {
      await countThroughKills(tally);
    }).timeout(120_000);
  });
}

/** Kills either side again and again, and compares every count with that of a run without. */
async function countThroughKills(tally: Tally): Promise<void> {
  const written = Array.from({ length: inputs }, (_, number): Input => {
    return { account: `a${number % accounts}`, type: "int", value: number };
  });
  tally.write(written);
  tally.start();
  for (const blow of ["app", "node", "app", "node"]) {
    const done = tally.lines.length;
    await tally.until(Math.min(inputs, done + 200));
    if (blow === "app") {
      await tally.app.kill();
      await tally.app.start();
    } else {
      await tally.killNode();
      tally.start();
    }
  }
  await settledNode(await tally.grpcAddress());
  const sums = new Map<string, number>();
  const expected = written.map(({ account, value }) => {
    const sum = (sums.get(account) ?? 0) + Number(value);
    sums.set(account, sum);
    return `${account} ${sum}`;
  });
  for (const account of sums.keys()) {
    const of = (lines: readonly string[]) => lines.filter((line) => line.startsWith(`${account} `));
    assert.deepEqual(of(tally.lines), of(expected));
  }
  const total = [...sums.values()].reduce((sum, each) => sum + each, 0);
  const address = { namespace: "tally", type: "total", id: "all" };
  assert.equal(await tally.state(address, "total"), intHex(total));
}

/** As io.statefun.types/int. */
function intHex(value: number): string {
  const bytes = Buffer.alloc(5, 0x0d);
  bytes.writeInt32LE(value, 1);
  return bytes.toString("hex");
}
