import { Writable } from "node:stream";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { pino } from "pino";
import type { Command } from "../../src/core/command.js";
import { Dispatcher } from "../../src/dispatch/dispatcher.js";
import { noOverrides } from "../../src/module/host-overrides.js";
import type { GrpcEndpointSpec } from "../../src/module/module.js";
import type { LogLine } from "./process-node.js";

const frameBytesMax = 64 * 1024;

/** The limits that the dispatcher under test announces. */
export const announced = {
  frameBytesMax,
  valueBytesMax: frameBytesMax / 4,
  idBytesMax: 1024,
  effectsMax: 100,
  resultCreditBytes: 1000,
};

export function endpointSpec(address: string, ...functions: string[]): GrpcEndpointSpec {
  return {
    kind: "statewire.endpoints.v1/grpc",
    source: { file: "module.yaml", line: 1, column: 1 },
    functions: functions.length === 0 ? ["example/*"] : functions,
    addresses: [address],
    tls: null,
    authorization: null,
    retry: {
      initialBackoffMs: 10,
      maxBackoffMs: 50,
      factor: 2,
      jitter: 0,
      attemptsMax: null,
      deadLetterEgress: null,
    },
    timeoutMs: null,
    batchMax: null,
  };
}

/** The dispatch stage with nothing above it: its commands and its log are kept to be looked at. */
export class LoneDispatcher {
  readonly dispatcher: Dispatcher;
  readonly commands: Command[] = [];
  readonly log: LogLine[] = [];
  readonly #changed = new Set<() => void>();
  #server: Server | null = null;

  constructor(specs: readonly GrpcEndpointSpec[], handshakeTimeoutMs = 10_000) {
    let session = 0;
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.log.push(JSON.parse(chunk.toString()) as LogLine);
        this.#notify();
        done();
      },
    });
    this.dispatcher = new Dispatcher(specs, {
      hello: {
        versions: [1],
        runtimeName: "statewire",
        runtimeVersion: "0.0.0",
        nodeId: "node",
        limits: announced,
        features: ["leases", "lazy-state"],
      },
      limits: announced,
      frameBytesMax,
      hosts: noOverrides,
      submit: (command) => {
        this.commands.push(command);
        this.#notify();
        // As the core does, with every table but those that a test refuses meanwhile.
        if (command.kind === "sessionAttached") setImmediate(() => this.#attached(command.session));
      },
      nextSession: () => ++session,
      logger: pino({ level: "debug" }, sink),
      handshakeTimeoutMs,
    });
    this.dispatcher.start();
  }

  /** Serves FunctionGateway; resolves with its address. */
  async serveGateway(): Promise<string> {
    const { definition, implementation } = this.dispatcher.gateway;
    const server = new Server({ "grpc.max_receive_message_length": frameBytesMax });
    server.addService(definition, implementation);
    this.#server = server;
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return `127.0.0.1:${port}`;
  }

  /** Waits until the condition holds; looked at after every command and every line of the log. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const notify = () => {
          this.#changed.delete(notify);
          resolve();
        };
        this.#changed.add(notify);
      });
    }
  }

  /** Waits for the nth command of the kind. */
  async command<K extends Command["kind"]>(
    kind: K,
    nth = 1,
  ): Promise<Extract<Command, { kind: K }>> {
    const found = () => this.commands.filter((command) => command.kind === kind);
    await this.until(() => found().length >= nth);
    return found()[nth - 1] as Extract<Command, { kind: K }>;
  }

  #attached(session: number): void {
    this.dispatcher.attached([session]);
    this.#notify();
  }

  close(): void {
    this.dispatcher.close();
    this.#server?.forceShutdown();
  }

  #notify(): void {
    for (const notify of [...this.#changed]) notify();
  }
}
