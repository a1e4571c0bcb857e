import type { Readable, Writable } from "node:stream";

/** What a command line runs in: the process, or a part of it. */
export interface Terminal {
  /** isTTY: a person types here, nothing is waiting to be read. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** columns: how wide a terminal is. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}

/** Writes data to standard output, and waits until it is taken. */
export function print({ stdout }: Terminal, line: string): Promise<void> {
  return write(stdout, `${line}\n`);
}

/** Writes a message for people to standard error. */
export function note({ stderr }: Terminal, line: string): Promise<void> {
  return write(stderr, `${line}\n`);
}

export function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()));
  });
}
