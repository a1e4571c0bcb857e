import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../../src/settings.js";
import { LocalNode } from "./process-node.js";
import { type ReceivedRequest, RequestReplyServer } from "./request-reply-server.js";

/** A real node with one HTTP endpoint for example/*, whose function server a test drives. */
export class RequestReplyNode {
  readonly directory: string = mkdtempSync(join(tmpdir(), "statewire-request-reply-"));
  server!: RequestReplyServer;
  node!: LocalNode;
  /** Kind and further lines of the endpoint's spec. */
  kind = "io.statefun.endpoints.v2/http";
  spec: readonly string[] = [];
  /** Of the endpoint; empty: that of the server, with the path. */
  url = "";
  path = "/functions";
  /** Further documents of the module. */
  more = "";
  #settings: Partial<Settings> = {};

  /** Starts both. `spec`: further lines of the endpoint's spec. */
  async start(spec: readonly string[] = [], settings: Partial<Settings> = {}): Promise<void> {
    this.server = await RequestReplyServer.listen();
    this.spec = spec;
    this.#settings = settings;
    await this.startNode();
  }

  /** Starts the node, anew on what it kept. */
  async startNode(): Promise<void> {
    const module = `kind: ${this.kind}
spec:
  functions: example/*
  urlPathTemplate: ${this.url || `${this.server.url}${this.path}`}
  retry: {initialBackoff: 1 ms, maxBackoff: 1 ms, jitter: 0, attempts: 2}
  ${this.spec.join("\n  ")}
---
kind: statewire.file.v1/egress
spec: {id: example/out, path: ${this.#egressPath}, format: raw}
${this.more}`;
    const settings = { drainTimeoutMs: 200, ...this.#settings };
    this.node = await LocalNode.start({ module, directory: this.directory, settings });
  }

  next(): Promise<ReceivedRequest> {
    return this.server.next();
  }

  /** What the egress example/out has, once the node has stopped. */
  records(): string[] {
    return readFileSync(this.#egressPath, "utf8").trimEnd().split("\n");
  }

  /** Waits until an address is parked; returns why. */
  async parked(nth = 1): Promise<string> {
    const line = await this.node.logged("its address parked", nth);
    return `${line["address"]}: ${line["code"]}: ${line["reason"]}`;
  }

  async stop(): Promise<void> {
    await this.node.stop();
    await this.server.close();
    rmSync(this.directory, { recursive: true });
  }

  get #egressPath(): string {
    return join(this.directory, "out.txt");
  }
}
