import { IngressService } from "@statewire/protos/statewire/v1/ingress.js";
import { type Command, InvalidArgumentError, Option } from "commander";
import { formatTypedValue, formatValueMembers } from "../codec/typed-value-text.js";
import { durationSyntax, parseDuration } from "../module/duration.js";
import { CommandError } from "./command-error.js";
import { addValueOptions, readMessageValue, type ValueOptions } from "./message-value.js";
import { readTarget, withNode } from "./node-client.js";
import { addNodeOptions, readSettings } from "./settings-options.js";
import { note, print, type Terminal, write } from "./terminal.js";

interface MessageOptions extends ValueOptions {
  readonly key?: string;
  readonly timeout?: number;
  readonly traceparent?: string;
  readonly json?: boolean;
}

interface SendOptions extends MessageOptions {
  readonly delay?: number;
  readonly source?: string;
  readonly sequence?: number;
}

/** Adds `send` and `call`. */
export function addMessageVerbs(program: Command, terminal: Terminal): void {
  const send = program
    .command("send <ADDRESS> [VALUE]")
    .summary("send a message to a function, and wait until it is durable")
    .description(
      "Sends a message to NAMESPACE/TYPE/ID and waits until it is durable. Without VALUE, the value " +
        "comes from standard input.",
    )
    .option("--delay <DURATION>", "Deliver it no earlier than this after arrival.", readDuration)
    .addOption(
      new Option("--source <NAME>", "With --sequence: send exactly once.").conflicts("key"),
    )
    .option("--sequence <N>", "Rises with each message of a source.", readSequence)
    .addHelpText("after", sendExamples);
  addMessageOptions(send).action((address: string, value: string | undefined) =>
    runSend(address, value, { options: send.opts<SendOptions>(), terminal }),
  );
  const call = program
    .command("call <ADDRESS> [VALUE]")
    .summary("send a message to a function, and print its reply")
    .description("Sends a message to NAMESPACE/TYPE/ID and prints the function's reply.")
    .addHelpText("after", callExamples);
  addMessageOptions(call).action((address: string, value: string | undefined) =>
    runCall(address, value, { options: call.opts<MessageOptions>(), terminal }),
  );
}

const sendExamples = `
Examples:
  statewire send example/person/Bob hello
  statewire send example/counter/c1 --int 5
  statewire send example/person/Bob --json-type example/GreetRequest '{"name": "Bob"}'
  statewire send example/image/42 --type example/Png --file image.png --key upload-42
  echo hello | statewire send example/person/Bob --delay "10 sec"`;

const callExamples = `
Examples:
  statewire call example/counter/c1 --int 5
  statewire call example/person/Bob --json-type example/Question '{"ask": "age"}' --json | jq .value`;

function addMessageOptions(command: Command): Command {
  addValueOptions(command)
    .option("--key <KEY>", "Idempotency key: requests with the same key take effect once.")
    .option("--traceparent <TEXT>", "W3C trace context to hand on.")
    .option(
      "--timeout <DURATION>",
      "How long to wait for the answer. (default: 1 min)",
      readDuration,
    )
    .option("--json", "Print the answer as JSON.");
  return addNodeOptions(command);
}

const defaultTimeoutMs = 60_000;

interface Invocation<Options> {
  readonly options: Options;
  readonly terminal: Terminal;
}

async function runSend(
  address: string,
  argument: string | undefined,
  { options, terminal }: Invocation<SendOptions>,
): Promise<void> {
  const target = readTarget(address);
  const { source, sequence } = options;
  if ((source === undefined) !== (sequence === undefined)) {
    throw new CommandError("usage", "--source and --sequence come together");
  }
  const settings = readSettings({ ...options }, terminal);
  const message = await readMessageValue(argument, options, terminal);
  const request = {
    target,
    message,
    idempotencyKey: options.key ?? "",
    producer: source === undefined || sequence === undefined ? undefined : { source, sequence },
    delayMs: options.delay ?? 0,
    traceparent: options.traceparent ?? "",
  };
  const timeoutMs = options.timeout ?? defaultTimeoutMs;
  const onTimeout = `no answer within ${timeoutMs} ms; the message may have been accepted`;
  const response = await withNode(settings, (ask) =>
    ask(IngressService.send, request, { timeoutMs, onTimeout }),
  );
  const text = response.duplicate ? "duplicate: accepted before" : "accepted";
  await print(terminal, options.json === true ? JSON.stringify(response) : text);
}

async function runCall(
  address: string,
  argument: string | undefined,
  { options, terminal }: Invocation<MessageOptions>,
): Promise<void> {
  const target = readTarget(address);
  const settings = readSettings({ ...options }, terminal);
  const message = await readMessageValue(argument, options, terminal);
  const request = {
    target,
    message,
    idempotencyKey: options.key ?? "",
    traceparent: options.traceparent ?? "",
  };
  const timeoutMs = options.timeout ?? defaultTimeoutMs;
  const onTimeout = `no reply within ${timeoutMs} ms; the message runs all the same`;
  const { reply } = await withNode(settings, (ask) =>
    ask(IngressService.call, request, { timeoutMs, onTimeout }),
  );
  if (options.json === true) return print(terminal, formatReply(reply));
  if (reply === undefined) return note(terminal, "the function did not reply");
  await printValue(reply, terminal);
}

interface Reply {
  readonly typename: string;
  readonly value?: Uint8Array | undefined;
}

function formatReply(reply: Reply | undefined): string {
  if (reply === undefined) return '{"replied":false}';
  const { typename, value = null } = reply;
  const members = formatValueMembers({ typename, value });
  return `{"replied":true,"typename":${JSON.stringify(typename)},${members}}`;
}

/** Text and JSON as a line; bytes that are neither as they are, or on a terminal in base64. */
async function printValue(reply: Reply, terminal: Terminal): Promise<void> {
  const value = formatTypedValue({ typename: reply.typename, value: reply.value ?? null });
  if (value.kind === "absent") return note(terminal, "the reply has no value");
  if (value.kind === "base64" && terminal.stdout.isTTY !== true && reply.value !== undefined) {
    return write(terminal.stdout, reply.value);
  }
  await print(terminal, value.text);
}

function readDuration(written: string): number {
  const durationMs = parseDuration(written);
  if (durationMs === undefined) throw new InvalidArgumentError(`Expected ${durationSyntax}.`);
  return durationMs;
}

function readSequence(written: string): number {
  const sequence = Number(written);
  if (/^\d+$/.test(written) && Number.isSafeInteger(sequence) && sequence > 0) return sequence;
  throw new InvalidArgumentError("Expected a whole number from 1.");
}
