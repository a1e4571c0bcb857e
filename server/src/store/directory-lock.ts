import { createHash } from "node:crypto";
import { existsSync, realpathSync, rmSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { StoreError } from "./store-error.js";

/** The longest path that every Unix takes for a socket, with room for the end of text. */
const socketPathBytesMax = 100;

/** How long a holder may take to say who it is, in ms: one that is stopped never does. */
const introductionMs = 500;

/** A process id and a line feed, with room. */
const longestIntroduction = 16;

/** Far longer than another process needs from the name of its socket to its first answer, in ms. */
const settleMs = 20;

/**
 * Keeps a second process off a data directory, by listening on a socket in it. A socket answers as
 * long as its process lives, stopped or not, and never after kill -9: no process ids that somebody
 * else may have by now, and no time-outs. It answers with its process id, which is for people only.
 *
 * To listen is to win: the system gives a name to one socket only. The socket of a dead process has
 * to be removed first, by one process at a time: else the second would remove the socket of the
 * first. So whoever does it holds a second socket meanwhile.
 *
 * @throws StoreError DIRECTORY_IN_USE when another process holds it, or is about to.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const path = socketPath(directory);
  const server = (await listen(path, directory)) ?? (await takeOver(path, directory));
  // The lock alone must not keep the process alive.
  server.unref();
  return { release: () => close(server) };
}

/** @throws StoreError DIRECTORY_IN_USE when a process holds the directory now. */
export async function assertNotInUse(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const path = socketPath(directory);
  // What else is wrong with the directory is found where it is opened.
  if (!existsSync(path)) return;
  if (await answers(path)) throw inUse(directory, await askProcessId(path));
}

async function takeOver(path: string, directory: string): Promise<Server> {
  if (await answers(path)) throw inUse(directory, await askProcessId(path));
  const takeover = `${path}-takeover`;
  let claim = await listen(takeover, directory);
  if (claim === undefined) {
    if (await answers(takeover)) throw inUse(directory);
    // Its process died while it took over.
    rmSync(takeover, { force: true });
    claim = await listen(takeover, directory);
    if (claim === undefined) throw inUse(directory);
  }
  try {
    await setTimeout(settleMs);
    if (await answers(path)) throw inUse(directory, await askProcessId(path));
    rmSync(path, { force: true });
    const server = await listen(path, directory);
    if (server === undefined) throw inUse(directory);
    return server;
  } finally {
    await close(claim);
  }
}

function socketPath(directory: string): string {
  const inside = join(directory, "lock.sock");
  const longest = `${inside}-takeover`;
  if (Buffer.byteLength(longest) <= socketPathBytesMax) return inside;
  const hash = createHash("sha256").update(realpathSync(directory)).digest("hex").slice(0, 24);
  return join(tmpdir(), `statewire-${hash}.sock`);
}

/** Whether a process listens there. What cannot be told counts as one that does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT");
    });
  });
}

/** The process that listens there, or undefined when it does not say. */
function askProcessId(path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path).setEncoding("utf8").setTimeout(introductionMs);
    let said = "";
    const finish = (): void => {
      socket.destroy();
      const [, pid] = /^([1-9]\d{0,9})\n$/.exec(said) ?? [];
      resolve(pid === undefined ? undefined : Number(pid));
    };
    socket.on("data", (text: string) => {
      said += text;
      if (said.length > longestIntroduction) finish();
    });
    socket.once("end", finish).once("timeout", finish).once("error", finish);
  });
}

/** Undefined when there is a socket of that name, perhaps of a dead process. */
function listen(path: string, directory: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(introduce);
    server.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EADDRINUSE") resolve(undefined);
      else reject(cannotLock(directory, cause));
    });
    server.listen(path, () => resolve(server));
  });
}

/** Whoever asks is not waited for, and its going away is no error. */
function introduce(socket: Socket): void {
  socket.on("error", () => undefined).unref();
  socket.end(`${process.pid}\n`);
  socket.setTimeout(introductionMs, () => socket.destroy());
}

/** The name goes with the socket. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function inUse(directory: string, processId?: number): StoreError {
  const holder = processId === undefined ? "another process" : `process ${processId}`;
  const message =
    `data directory ${directory} is in use by ${holder}: ` +
    "stop that node, or give this one a directory of its own (dataDir, --data-dir)";
  return new StoreError("DIRECTORY_IN_USE", message);
}

function cannotLock(directory: string, cause: Error): StoreError {
  const message = `cannot lock data directory ${directory} (dataDir, --data-dir): ${cause.message}`;
  return new StoreError("DIRECTORY_IN_USE", message, { cause });
}
