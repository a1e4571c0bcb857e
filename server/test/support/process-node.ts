import { Writable } from "node:stream";
import { credentials } from "@grpc/grpc-js";
import { CallRequest, IngressClient, SendRequest } from "@statewire/protos/statewire/v1/ingress.js";
import { pino } from "pino";
import { noOverrides } from "../../src/module/host-overrides.js";
import { parseModule } from "../../src/module/parse-module.js";
import type { Node } from "../../src/node/node.js";
import { startNode } from "../../src/node/node.js";
import { completeSettings, type Settings } from "../../src/settings.js";

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A whole node in this process: real store, real sockets, and its log to look at. */
export class LocalNode {
  readonly node: Node;
  readonly #lines: readonly LogLine[];
  readonly #changed: Set<() => void>;
  readonly #ingress: IngressClient;

  static async start(options: {
    readonly module: string;
    readonly directory: string;
    readonly settings?: Partial<Settings>;
  }): Promise<LocalNode> {
    const lines: LogLine[] = [];
    const changed = new Set<() => void>();
    const logger = pino(
      { level: "debug" },
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          lines.push(JSON.parse(chunk.toString()) as LogLine);
          for (const notify of changed) notify();
          done();
        },
      }),
    );
    const settings = completeSettings({
      dataDir: options.directory,
      grpc: "127.0.0.1:0",
      http: "127.0.0.1:0",
      drainTimeoutMs: 2000,
      ...options.settings,
    });
    const { module } = parseModule([{ file: "module.yaml", text: options.module }]);
    return new LocalNode(
      await startNode({ settings, module, logger, hosts: noOverrides, restore: null }),
      {
        lines,
        changed,
      },
    );
  }

  private constructor(node: Node, log: { lines: readonly LogLine[]; changed: Set<() => void> }) {
    this.node = node;
    this.#lines = log.lines;
    this.#changed = log.changed;
    this.#ingress = new IngressClient(node.grpcAddress, credentials.createInsecure());
  }

  get log(): readonly LogLine[] {
    return this.#lines;
  }

  /** Waits for the nth line of the log whose message or reason holds the text. */
  async logged(text: string, nth = 1): Promise<LogLine> {
    for (;;) {
      const found = this.#lines.filter(({ msg, reason }) => `${msg} ${reason}`.includes(text));
      const line = found[nth - 1];
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        const notify = () => {
          this.#changed.delete(notify);
          resolve();
        };
        this.#changed.add(notify);
      });
    }
  }

  /** Sends a text to "namespace/type/id"; resolves when it is durable. */
  send(to: string, text: string): Promise<void> {
    const request = SendRequest.create({ target: addressOf(to), message: messageOf(text) });
    return new Promise((resolve, reject) => {
      this.#ingress.send(request, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Calls and resolves with the reply's text. */
  call(to: string, text: string): Promise<string> {
    const request = CallRequest.create({ target: addressOf(to), message: messageOf(text) });
    return new Promise((resolve, reject) => {
      this.#ingress.call(request, (error, response) => {
        if (error !== null) reject(error);
        else resolve(Buffer.from(response.reply?.value ?? []).toString());
      });
    });
  }

  async stop(): Promise<void> {
    this.#ingress.close();
    await this.node.drain();
    await this.node.closed;
  }
}

function addressOf(text: string) {
  const [namespace = "", type = "", ...id] = text.split("/");
  return { namespace, type, id: id.join("/") };
}

function messageOf(text: string) {
  return { typename: "example/text", value: Buffer.from(text) };
}
