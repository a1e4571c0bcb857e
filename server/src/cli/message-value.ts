import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { describeBuiltIn, encodeBuiltIn, isBuiltInTypename } from "../codec/built-in-value.js";
import { notTypename } from "../codec/ingress-codec.js";
import { isTypename } from "../core/typed-value.js";
import { CommandError } from "./command-error.js";
import type { Terminal } from "./terminal.js";

const shorthands = ["string", "int", "long", "float", "double", "bool"] as const;

/** What the options of addValueOptions() hold. */
export interface ValueOptions {
  readonly type?: string;
  readonly jsonType?: string;
  readonly file?: string;
  readonly base64?: boolean;
  readonly absent?: boolean;
}

/** A message as it goes to the node. */
export interface MessageValue {
  readonly typename: string;
  /** Absent: no value at all. */
  readonly value: Buffer | undefined;
}

/** Adds the options that say what a message's value is. */
export function addValueOptions(command: Command): Command {
  const typeFlags = ["type", "jsonType", ...shorthands];
  const conflicting = (option: Option, self: string) =>
    option.conflicts(typeFlags.filter((name) => name !== self));
  command
    .option("--file <PATH>", "Take the value from a file.")
    .addOption(
      conflicting(
        new Option("--type <TYPENAME>", "The value's type. (default: io.statefun.types/string)"),
        "type",
      ),
    )
    .addOption(
      conflicting(
        new Option("--json-type <TYPENAME>", "The value's type; the value must be JSON."),
        "jsonType",
      ),
    );
  const base64 = new Option("--base64", "VALUE is the encoded bytes of its type, in base64.");
  command.addOption(base64.conflicts("jsonType"));
  const absent = new Option("--absent", "No value at all, which an empty one is not.");
  command.addOption(absent.conflicts(["file", "base64", "jsonType"]));
  for (const name of shorthands) {
    const option = new Option(`--${name}`, `Short for --type ${builtInTypename(name)}.`);
    command.addOption(conflicting(option, name));
  }
  return command;
}

/**
 * The message's value: from the argument, the file or standard input ("-", or no argument, and then
 * it is not empty), or none. A built-in type is encoded from its text; every other type is the bytes as
 * they are.
 * @throws CommandError when there is no value or it does not fit its type.
 */
export async function readMessageValue(
  argument: string | undefined,
  options: ValueOptions,
  terminal: Terminal,
): Promise<MessageValue> {
  const typename = typenameOf(options);
  if (options.absent === true) {
    if (argument !== undefined)
      throw new CommandError("usage", "both VALUE and --absent are given");
    return { typename, value: undefined };
  }
  const bytes = await readBytes(argument, options.file, terminal);
  if (options.base64 === true) return { typename, value: decodeBase64(bytes) };
  if (options.jsonType !== undefined) {
    checkJson(bytes, typename);
    return { typename, value: bytes };
  }
  if (!isBuiltInTypename(typename)) return { typename, value: bytes };
  // Neither echo's nor an editor's last line feed is part of the value.
  const text = bytes.toString("utf8").replace(/\r?\n$/, "");
  const isString = typename === builtInTypename("string");
  const encoded = encodeBuiltIn(typename, isString ? JSON.stringify(text) : text);
  if (encoded !== undefined) return { typename, value: Buffer.from(encoded) };
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  throw new CommandError("usage", `"${shown}" is not ${describeBuiltIn(typename)} (${typename})`);
}

function builtInTypename(name: (typeof shorthands)[number]): string {
  return `io.statefun.types/${name}`;
}

function typenameOf(options: ValueOptions): string {
  const shorthand = shorthands.find((name) => (options as Record<string, unknown>)[name] === true);
  if (shorthand !== undefined) return builtInTypename(shorthand);
  const written = options.type ?? options.jsonType ?? builtInTypename("string");
  if (isTypename(written)) return written;
  throw new CommandError("usage", `"${written}" is ${notTypename(written)}`);
}

async function readBytes(
  argument: string | undefined,
  file: string | undefined,
  { stdin, workingDirectory }: Terminal,
): Promise<Buffer> {
  if (file !== undefined) {
    if (argument !== undefined) throw new CommandError("usage", "both VALUE and --file are given");
    try {
      return await readFile(resolve(workingDirectory, file));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CommandError("failed", `${file} cannot be read: ${reason}`, { cause: error });
    }
  }
  if (argument !== undefined && argument !== "-") return Buffer.from(argument);
  if (argument === "-") return buffer(stdin);
  if (stdin.isTTY === true) throw noValue("");
  const bytes = await buffer(stdin);
  // An empty value is sent by those who say so, not by those who forgot it.
  if (bytes.length === 0) throw noValue(", and standard input is empty");
  return bytes;
}

function noValue(also: string): CommandError {
  const message = `no value: VALUE is missing${also}; give VALUE (an empty one is ''), --file PATH or something on stdin`;
  return new CommandError("usage", message);
}

function decodeBase64(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1").trim();
  const decoded = Buffer.from(text, "base64");
  if (decoded.toString("base64") === text) return decoded;
  throw new CommandError("usage", "the value is not base64, as --base64 says");
}

function checkJson(bytes: Buffer, typename: string): void {
  try {
    JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError("usage", `the value of ${typename} is not JSON: ${reason}`);
  }
}
