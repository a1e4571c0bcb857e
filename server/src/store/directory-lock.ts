import { createHash } from "node:crypto";
import { unlinkSync } from "node:fs";
import type { Server } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StoreError } from "./store-error.js";

/** The longest path that every Unix takes for a socket, with room for the end of text. */
const socketPathBytesMax = 100;

/**
 * Keeps a second process off a data directory, by listening on a socket in it. A socket answers as
 * long as its process lives, stopped or not, and never after kill -9: no process ids that somebody
 * else may have by now, and no time-outs.
 *
 * @throws StoreError DIRECTORY_IN_USE when another process holds it.
 */
export async function lockDirectory(directory: string): Promise<{ release(): Promise<void> }> {
  const path = socketPath(directory);
  if (await answers(path)) {
    throw new StoreError(
      "DIRECTORY_IN_USE",
      `data directory ${directory} is in use by another process`,
    );
  }
  removeStale(path);
  const server = await listen(path, directory);
  // The lock alone must not keep the process alive.
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

function socketPath(directory: string): string {
  const inside = join(directory, "lock.sock");
  if (Buffer.byteLength(inside) <= socketPathBytesMax) return inside;
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 24);
  return join(tmpdir(), `statewire-${hash}.sock`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function listen(path: string, directory: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (cause) => {
      reject(
        new StoreError("DIRECTORY_IN_USE", `cannot lock data directory ${directory}`, { cause }),
      );
    });
    server.listen(path, () => resolve(server));
  });
}
