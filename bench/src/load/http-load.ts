import { connect, type Socket } from "node:net";
import { type Figures, LatencyRecorder } from "../figures.js";
import { instanceIds } from "../instance-id.js";
import { KeySequence } from "../key-sequence.js";
import { serveCommands } from "../process/command-server.js";
import { HttpResponseScanner } from "./http-response-scanner.js";

/**
 * Load on an HTTP server: each connection is kept alive and has one request in flight. It writes
 * prepared bytes to bare sockets, because on two cores a client that costs as much as the server
 * would measure itself.
 */

export const httpLoadCommands = { run };
export type HttpLoadCommands = typeof httpLoadCommands;

/** What is sent, to whom, by how many. */
export interface HttpLoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  /** `{id}` stands for the instance. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Instances, uniformly drawn. */
  readonly keys: number;
}

/** @throws Error when a response is not of the 2xx family, or a connection is lost. */
async function run(options: HttpLoadOptions): Promise<Figures> {
  const latency = new LatencyRecorder();
  const requests = instanceIds(options.keys).map((id) => renderRequest(options, id));
  const keys = new KeySequence(options.keys, "uniform", 3);
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => openConnection(options.port)),
  );
  const startMs = performance.now();
  const endMs = startMs + options.durationMs;
  const next = (): Buffer => requests[keys.next()] ?? Buffer.alloc(0);
  const counts = await Promise.all(
    connections.map((connection) => drive(connection, next, endMs, latency)),
  );
  const seconds = (performance.now() - startMs) / 1000;
  const done = counts.reduce((sum, count) => sum + count, 0);
  return { perSecond: done / seconds, ...latency.figures() };
}

/** What a socket reads goes here: it is looked at, or copied, before the next one reads. */
const readBuffer = Buffer.alloc(64 * 1024);

interface Connection {
  readonly socket: Socket;
  /** Takes what was read, until the next read. */
  onBytes: (bytes: Buffer) => void;
}

function openConnection(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const onread = {
      buffer: readBuffer,
      callback(length: number): boolean {
        connection.onBytes(readBuffer.subarray(0, length));
        return true;
      },
    };
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
    const connection: Connection = { socket, onBytes: () => undefined };
    socket.once("error", reject);
    socket.once("connect", () => resolve(connection));
  });
}

/** Sends a request, awaits its response, and so on until the time is over. Returns the count. */
function drive(
  connection: Connection,
  next: () => Buffer,
  endMs: number,
  latency: LatencyRecorder,
): Promise<number> {
  const { socket } = connection;
  const scanner = new HttpResponseScanner();
  let done = 0;
  let sentMs = performance.now();
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed a connection")));
    connection.onBytes = (bytes) => {
      const status = scanner.push(bytes);
      if (status === undefined) return;
      if (status < 200 || status > 299) {
        reject(new Error(`status ${status}: ${bytes.toString("utf8").slice(0, 500)}`));
        return;
      }
      const nowMs = performance.now();
      latency.recordMs(nowMs - sentMs);
      done += 1;
      if (nowMs < endMs) {
        sentMs = nowMs;
        socket.write(next());
        return;
      }
      resolve(done);
      socket.destroy();
    };
    socket.write(next());
  });
}

function renderRequest(options: HttpLoadOptions, id: string): Buffer {
  const body = Buffer.from(options.body);
  const headers = Object.entries(options.headers).map(([name, value]) => `${name}: ${value}`);
  const head = [
    `POST ${options.path.replace("{id}", id)} HTTP/1.1`,
    `host: 127.0.0.1:${options.port}`,
    `content-length: ${body.length}`,
    ...headers,
    "",
    "",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head), body]);
}

serveCommands(httpLoadCommands);
