import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { runCommandLine } from "../../src/cli/program.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { openStoredCheckpoints } from "../../src/node/stored-checkpoints.js";

export interface CommandLineOptions {
  /** What stands on standard input. Not given: a person at a terminal, who types nothing. */
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** Files of the working directory, by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Whether standard output and standard error are a terminal. */
  readonly isTTY?: boolean;
}

export interface CommandLineResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a command line in this process, in a working directory of its own. It starts no node. */
export async function statewire(
  words: readonly string[],
  options: CommandLineOptions = {},
): Promise<CommandLineResult> {
  const workingDirectory = mkdtempSync(join(tmpdir(), "statewire-cli-"));
  for (const [name, text] of Object.entries(options.files ?? {})) {
    writeFileSync(join(workingDirectory, name), text);
  }
  const stdin: Terminal["stdin"] =
    options.stdin === undefined
      ? Object.assign(new PassThrough(), { isTTY: true })
      : Readable.from([Buffer.from(options.stdin)]);
  const stdout = collect(options.isTTY === true);
  const stderr = collect(options.isTTY === true);
  const terminal = {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    environment: options.environment ?? {},
    workingDirectory,
  };
  const exitCode = await runCommandLine(words, terminal, {
    startNode: () => Promise.reject(new Error("this command line starts no node")),
    openCheckpoints: (settings, onRetry) =>
      Promise.resolve(openStoredCheckpoints(settings, onRetry)),
  });
  rmSync(workingDirectory, { recursive: true });
  return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes().toString() };
}

function collect(isTTY: boolean): {
  readonly stream: PassThrough & { readonly isTTY: boolean };
  readonly bytes: () => Buffer;
} {
  const chunks: Buffer[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, bytes: () => Buffer.concat(chunks) };
}
