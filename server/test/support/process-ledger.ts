import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { credentials } from "@grpc/grpc-js";
import type { InspectResponse } from "@statewire/protos/statewire/v1/admin.js";
import { AdminClient, GetStateRequest } from "@statewire/protos/statewire/v1/admin.js";
import { isSettled } from "./settled-node.js";
import { StatewireProcess } from "./statewire-process.js";

/** Below the time for which a function server may be stopped: late results come. */
const timeoutDefault = "2 sec";

const script = fileURLToPath(new URL("../functions/ledger.js", import.meta.url));

export interface LedgerRecord {
  readonly account: string;
  readonly number: number;
  readonly amount: number;
  /** Makes it longer. */
  readonly text?: string;
}

/** The function server in a process of its own; it comes back on the same port. */
export class LedgerServer {
  address = "127.0.0.1:0";
  #process: ChildProcess | null = null;

  async start(): Promise<void> {
    const child = spawn(process.execPath, [script, this.address], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    this.address = line.toString().trim();
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }
}

export interface LedgerOptions {
  /** On the command line of every node. */
  readonly words?: readonly string[];
  /** Function servers, of which each can do everything. */
  readonly servers?: number;
  /** The function that gets the records; "account" if it is not given. */
  readonly target?: "account" | "alarm" | "line";
  /** Of an invocation, as a module has it. */
  readonly timeout?: string;
}

/** A runtime and a ledger in processes that may be killed at any time, over one data directory. */
export class Ledger {
  readonly directory: string;
  readonly servers: readonly LedgerServer[];
  /** On the command line of every node that is started from now on. */
  words: readonly string[];
  environment: Readonly<Record<string, string>> = {};
  /** What the egress waits for. */
  waitFor: "local" | "checkpoint" = "local";
  node: StatewireProcess | null = null;
  readonly #target: string;
  readonly #timeout: string;
  #doomed: StatewireProcess | null = null;
  #failure: string | null = null;

  constructor(directory: string, options: LedgerOptions = {}) {
    const { words = [], servers = 1, target = "account" } = options;
    this.directory = directory;
    this.words = words;
    this.#target = target;
    this.#timeout = options.timeout ?? timeoutDefault;
    this.servers = Array.from({ length: servers }, () => new LedgerServer());
  }

  /** The first of the function servers. */
  get server(): LedgerServer {
    return this.servers[0] as LedgerServer;
  }

  async startServers(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start()));
  }

  get inputPath(): string {
    return join(this.directory, "records.ndjson");
  }

  get outputPath(): string {
    return join(this.directory, "audit.txt");
  }

  /** What is in the output file by now, in bytes. */
  get outputBytes(): number {
    return existsSync(this.outputPath) ? statSync(this.outputPath).size : 0;
  }

  get outputLines(): string[] {
    return readFileSync(this.outputPath, "utf8").split("\n").slice(0, -1);
  }

  /** Adds to the file of the ingress. A node that has read all of it finds more when it starts again. */
  writeInput(records: readonly LedgerRecord[]): void {
    const lines = records.map((record) => `${JSON.stringify(record)}\n`);
    appendFileSync(this.inputPath, lines.join(""));
  }

  startNode(): StatewireProcess {
    const node = this.#spawnNode();
    this.node = node;
    void node.exitCode().then((code) => {
      if (this.node === node) this.#failure = `the node ended with ${code}:\n${node.log}`;
    });
    return node;
  }

  /** Starts a node that may end by itself. */
  startDoomedNode(environment: Readonly<Record<string, string>>): StatewireProcess {
    this.#doomed = this.#spawnNode(environment);
    return this.#doomed;
  }

  #spawnNode(environment: Readonly<Record<string, string>> = {}): StatewireProcess {
    return new StatewireProcess({
      module: this.#module(),
      directory: this.directory,
      words: this.words,
      environment: { ...this.environment, ...environment },
    });
  }

  async killNode(): Promise<void> {
    const { node } = this;
    this.node = null;
    await node?.kill();
  }

  /** Stops the node in order; resolves with its exit code. */
  async stopNode(): Promise<number | null> {
    const { node } = this;
    this.node = null;
    node?.signal("SIGTERM");
    return (await node?.exitCode()) ?? null;
  }

  async stop(): Promise<void> {
    await Promise.all([
      this.killNode(),
      this.#doomed?.kill(),
      ...this.servers.map((server) => server.kill()),
    ]);
  }

  /** Waits until the output has as many bytes. @throws Error when the node has ended by itself. */
  async untilOutput(bytes: number): Promise<void> {
    while (this.outputBytes < bytes) {
      if (this.#failure !== null) throw new Error(this.#failure);
      await setTimeout(2);
    }
  }

  /** Waits until nothing is left to do, and returns how things stand. */
  async settled(onStatus?: (status: InspectResponse) => void): Promise<InspectResponse> {
    return this.untilStatus((status) => {
      onStatus?.(status);
      return isSettled(status);
    });
  }

  /** Waits until that is so, and returns how things stand. */
  async untilStatus(isSo: (status: InspectResponse) => boolean): Promise<InspectResponse> {
    const { grpcAddress } = (await this.node?.ready()) ?? { grpcAddress: "" };
    const client = new AdminClient(grpcAddress, credentials.createInsecure());
    try {
      for (let waitMs = 20; ; waitMs = Math.min(waitMs * 1.1, 100)) {
        if (this.#failure !== null) throw new Error(this.#failure);
        const status = await new Promise<InspectResponse>((resolve, reject) => {
          client.inspect({}, (error, response) => (error ? reject(error) : resolve(response)));
        });
        if (isSo(status)) return status;
        await setTimeout(waitMs);
      }
    } finally {
      client.close();
    }
  }

  /** A state as JSON text. */
  async state(type: string, id: string, name: string): Promise<string | undefined> {
    const { grpcAddress } = (await this.node?.ready()) ?? { grpcAddress: "" };
    const client = new AdminClient(grpcAddress, credentials.createInsecure());
    const request = GetStateRequest.create({ address: { namespace: "ledger", type, id }, name });
    try {
      return await new Promise((resolve, reject) => {
        client.getState(request, (error, response) => {
          if (error !== null) reject(error);
          else resolve(response.states[0]?.value?.value?.toString());
        });
      });
    } finally {
      client.close();
    }
  }

  #module(): string {
    const input = existsSync(this.inputPath)
      ? `---
kind: statewire.file.v1/ingress
spec:
  id: ledger/records
  path: records.ndjson
  format: ndjson
  targets: [{function: ledger/${this.#target}, id: "{account}", valueType: ledger/record}]
`
      : "";
    return `kind: statewire.endpoints.v1/grpc
spec:
  functions: ledger/*
  addresses: ${JSON.stringify(this.servers.map(({ address }) => address))}
  retry: {initialBackoff: 10 ms, maxBackoff: 100 ms, attempts: unlimited}
  timeout: ${this.#timeout}
---
kind: statewire.file.v1/egress
spec: {id: ledger/audit, path: audit.txt, format: raw, waitFor: ${this.waitFor}}
${input}`;
  }
}
