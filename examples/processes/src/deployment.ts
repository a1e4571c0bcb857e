import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Admin } from "./admin.js";
import { Child } from "./child.js";

export interface DeploymentOptions {
  /** Emptied at the start. Holds the module, the runtime's data and the logs; kept at the end. */
  readonly directory: string;
  readonly functionServers: readonly FunctionServerProgram[];
  /** The text of module.yaml, given the addresses of the function servers, in their order. */
  readonly module: (...functionServerAddresses: readonly string[]) => string;
  /** What else stands on the runtime's command line. */
  readonly runtimeWords?: readonly string[];
}

/**
 * A program that serves functions at the address of its last argument, port 0 being any free one, and
 * prints the address that it got as its first line.
 */
export interface FunctionServerProgram {
  /** For people, and for its log file. Default: "function-server". */
  readonly name?: string;
  /** What runs; for Node a script. Default: Node. */
  readonly program?: string;
  readonly arguments: readonly string[];
}

/** One of them, as it runs. */
interface FunctionServer {
  readonly program: FunctionServerProgram;
  address: string;
  child: Child | undefined;
}

/** What a restart did. */
export interface Restart {
  readonly pidKilled: number;
  readonly pidStarted: number;
  /** From the kill until the new process answers. */
  readonly downMs: number;
}

const runtimeScript = fileURLToPath(
  new URL("bin/statewire.js", import.meta.resolve("statewire/package.json")),
);
/** A process that says nothing for so long will not; a busy machine takes a few seconds. */
const startTimeoutMs = 30_000;
const stopGraceMs = 5_000;

/** Any port of this machine that is free. */
const anyAddress = "127.0.0.1:0";

/**
 * A runtime and function servers, each a process of its own, on free ports of 127.0.0.1.
 *
 * Each can be killed and started again, with the same data, at the same addresses. A process that
 * ends without having been told to makes `watch` reject.
 */
export class Deployment {
  readonly #options: DeploymentOptions;
  readonly #functionServers: readonly FunctionServer[];
  /** Machines that the runtime has lost so far. */
  #machinesLost = 0;
  #grpcAddress = anyAddress;
  #httpAddress = anyAddress;
  #runtime: Child | undefined;
  #admin: Admin | undefined;
  #fail: (reason: Error) => void = () => undefined;
  readonly #failed: Promise<never>;

  private constructor(options: DeploymentOptions) {
    this.#options = options;
    this.#functionServers = options.functionServers.map((program) => ({
      program,
      address: anyAddress,
      child: undefined,
    }));
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever watches learns of it; without a watcher it is not an unhandled rejection.
    this.#failed.catch(() => undefined);
  }

  /** Starts all and resolves when the runtime answers. @throws Error with the log of what failed. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    rmSync(options.directory, { recursive: true, force: true });
    mkdirSync(options.directory, { recursive: true });
    const deployment = new Deployment(options);
    try {
      for (const server of deployment.#functionServers) {
        await deployment.#startFunctionServer(server);
      }
      const addresses = deployment.#functionServers.map(({ address }) => address);
      writeFileSync(deployment.#modulePath, options.module(...addresses));
      await deployment.#startRuntime();
    } catch (error) {
      await deployment.stop();
      throw error;
    }
    return deployment;
  }

  /** The runtime's Admin service; another object after each restart of the runtime. */
  get admin(): Admin {
    if (this.#admin === undefined) throw new Error("the runtime is not running");
    return this.#admin;
  }

  /** "host:port" of the runtime's gRPC API. */
  get grpcAddress(): string {
    return this.#grpcAddress;
  }

  /** "host:port" of the runtime's HTTP API. */
  get httpAddress(): string {
    return this.#httpAddress;
  }

  /** The outcome of `work`, unless a process ends by itself before. @throws Error with its log. */
  watch<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed]);
  }

  /** kill -9, and a new process with the same data. */
  async crashRuntime(): Promise<Restart> {
    const before = Date.now();
    const killed = await this.#kill(this.#runtime);
    const started = await this.#startRuntime();
    return { pidKilled: killed, pidStarted: started.pid, downMs: Date.now() - before };
  }

  /**
   * kill -9, and a new process on another machine: its data is gone. It begins with what the store
   * of `--checkpoint-store` in runtimeWords has.
   */
  async loseMachine(): Promise<Restart> {
    const before = Date.now();
    const killed = await this.#kill(this.#runtime);
    rmSync(this.#dataDirectory, { recursive: true });
    this.#machinesLost++;
    const started = await this.#startRuntime();
    return { pidKilled: killed, pidStarted: started.pid, downMs: Date.now() - before };
  }

  /** kill -9 of one function server, the first unless another is named, and a new process at its address. */
  async crashFunctionServer(index = 0): Promise<Restart> {
    const server = this.#functionServers[index];
    if (server === undefined) throw new Error(`there is no function server ${index}`);
    const before = Date.now();
    const killed = await this.#kill(server.child);
    const started = await this.#startFunctionServer(server);
    return { pidKilled: killed, pidStarted: started.pid, downMs: Date.now() - before };
  }

  /** Stops all in order: the runtime drains while its function servers are there. */
  async stop(): Promise<void> {
    this.#admin?.close();
    this.#admin = undefined;
    const runtime = this.#runtime;
    this.#runtime = undefined;
    await runtime?.stop(stopGraceMs);
    for (const server of this.#functionServers) {
      const { child } = server;
      server.child = undefined;
      await child?.stop(stopGraceMs);
    }
  }

  get #dataDirectory(): string {
    const name = this.#machinesLost === 0 ? "data" : `data-${this.#machinesLost + 1}`;
    return join(this.#options.directory, name);
  }

  get #modulePath(): string {
    return join(this.#options.directory, "module.yaml");
  }

  async #startFunctionServer(server: FunctionServer): Promise<Child> {
    const { name = "function-server", ...program } = server.program;
    const child = new Child({
      ...program,
      name,
      arguments: [...program.arguments, server.address],
      directory: this.#options.directory,
      logPath: join(this.#options.directory, `${name}.log`),
    });
    server.child = child;
    server.address = await firstLine(child, (line) => line);
    this.#failWhenExited(child, () => server.child === child);
    return child;
  }

  async #startRuntime(): Promise<Child> {
    const data = this.#dataDirectory;
    const child = new Child({
      name: "the runtime",
      arguments: [
        ...[runtimeScript, "run", this.#modulePath, "--data-dir", data, "--json"],
        ...["--grpc", this.#grpcAddress, "--http", this.#httpAddress],
        ...(this.#options.runtimeWords ?? []),
      ],
      directory: this.#options.directory,
      logPath: join(this.#options.directory, "runtime.log"),
    });
    this.#runtime = child;
    const addresses = await this.watch(firstLine(child, parseAddresses));
    this.#grpcAddress = addresses.grpcAddress;
    this.#httpAddress = addresses.httpAddress;
    this.#admin = new Admin(this.#grpcAddress);
    this.#failWhenExited(child, () => this.#runtime === child);
    return child;
  }

  async #kill(child: Child | undefined): Promise<number> {
    if (child === undefined) throw new Error("the process is not running");
    if (child === this.#runtime) {
      this.#runtime = undefined;
      this.#admin?.close();
    }
    const server = this.#functionServers.find((one) => one.child === child);
    if (server !== undefined) server.child = undefined;
    await child.kill("SIGKILL");
    return child.pid;
  }

  #failWhenExited(child: Child, isExpectedToRun: () => boolean): void {
    void child.exited.then(() => {
      if (isExpectedToRun()) this.#fail(child.failure());
    });
  }
}

/** @throws Error with the end of its log, when the process has not printed a line in time. */
async function firstLine<T>(child: Child, parse: (line: string) => T): Promise<T> {
  const timer = setTimeout(() => child.killNow(), startTimeoutMs);
  try {
    return await child.line(parse);
  } finally {
    clearTimeout(timer);
  }
}

/** What the runtime prints when it is ready. */
function parseAddresses(line: string): { grpcAddress: string; httpAddress: string } {
  return JSON.parse(line);
}
