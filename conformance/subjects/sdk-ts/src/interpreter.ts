import { setTimeout } from "node:timers/promises";
import {
  type Address,
  address,
  type Context,
  egress,
  FunctionFailure,
  formatAddress,
  type StateDeclarations,
  state,
  statefulFunction,
  type TypedValue,
  typed,
  types,
} from "@statewire/sdk";
import type { Command } from "./command.js";

const bytes = types.bytes("conformance/bytes");
const text = types.simple("conformance/text", {
  encode: (value: string) => Buffer.from(value),
  decode: (encoded) => Buffer.from(encoded).toString(),
});
const commands = types.json<readonly Command[]>("conformance/commands");
const observation = types.json<unknown>("conformance/observation");

type States = {
  readonly value: ReturnType<typeof state<Uint8Array>>;
} & StateDeclarations;
type Interpreting = Context<States, typeof commands, undefined>;

const value = state(bytes);
const accepts = commands;

/** The function that the kit drives, as INTERPRETER.md describes it. */
export const interpreter = statefulFunction("conformance/interpreter", {
  states: {
    value,
    other: state(bytes),
    expiring: state(bytes, { expireAfterWriteMs: 60_000 }),
    lazy: state(bytes, { lazy: true }),
  },
  accepts,
  handle: (ctx, list) => interpret(ctx as unknown as Interpreting, list),
});

export const limited = statefulFunction("conformance/limited", {
  states: { value },
  accepts,
  inFlightMax: 2,
  batchMax: 3,
  handle: (ctx, list) => interpret(ctx as unknown as Interpreting, list),
});

export const anyType = statefulFunction("conformance.any/*", {
  states: { value },
  accepts,
  handle: (ctx, list) => interpret(ctx as unknown as Interpreting, list),
});

async function interpret(ctx: Interpreting, list: readonly Command[]): Promise<void> {
  for (const command of list) await run(ctx, command);
}

async function run(ctx: Interpreting, command: Command): Promise<void> {
  switch (command.op) {
    case "set":
      ctx.state[command.state]?.set(bytesOf(command));
      return;
    case "clear":
      ctx.state[command.state]?.clear();
      return;
    case "get":
      return observe(ctx, { get: command.state, text: await read(ctx, command.state) });
    case "self":
      return observe(ctx, { self: formatAddress(ctx.self) });
    case "caller":
      return observe(ctx, { caller: ctx.caller === undefined ? null : formatAddress(ctx.caller) });
    case "send":
      for (let n = 0; n < (command.times ?? 1); n++)
        ctx.send(targetOf(ctx, command), messageOf(command));
      return;
    case "sendAfter": {
      const options = command.token === undefined ? {} : { token: command.token };
      ctx.sendAfter(command.delayMs, targetOf(ctx, command), messageOf(command), options);
      return;
    }
    case "cancel":
      ctx.cancel(command.token);
      return;
    case "egress":
      ctx.egress(egress(command.egress ?? "conformance/out"), messageOf(command));
      return;
    case "reply":
      ctx.reply(messageOf(command));
      return;
    case "fail":
      throw new FunctionFailure(command.message, {
        retryable: command.retryable ?? true,
        retryAfterMs: command.retryAfterMs ?? 0,
      });
    case "throw":
      throw new Error(command.message);
    case "sleep":
      // The signal says that the outcome cannot count any more.
      await setTimeout(command.ms, undefined, { signal: ctx.signal });
      return;
    case "wantsReply":
      return observe(ctx, { wantsReply: ctx.wantsReply });
  }
}

function observe(ctx: Interpreting, what: unknown): void {
  ctx.egress(egress("conformance/out"), typed(observation, what));
}

async function read(ctx: Interpreting, name: string): Promise<string | null> {
  const found = (await ctx.state[name]?.get()) as Uint8Array | undefined;
  return found === undefined ? null : Buffer.from(found).toString();
}

function targetOf(
  ctx: Interpreting,
  command: { to?: string; type?: string; id?: string },
): Address {
  if (command.to === "self") return address(`${ctx.self.namespace}/${ctx.self.type}`, ctx.self.id);
  if (command.to === "caller" && ctx.caller !== undefined) return ctx.caller;
  return address(command.type ?? "conformance/interpreter", command.id ?? "");
}

/** What a command sends: commands, text, zeros, or, with a typename alone, no value. */
function messageOf(command: {
  commands?: readonly Command[];
  typename?: string;
  text?: string;
  zeros?: number;
}): TypedValue {
  if (command.commands !== undefined) return typed(commands, command.commands);
  const typename = command.typename ?? text.typename;
  const hasValue = command.text !== undefined || command.zeros !== undefined;
  return { typename, value: hasValue ? bytesOf(command) : undefined };
}

function bytesOf(command: { text?: string; zeros?: number }): Uint8Array {
  return command.zeros === undefined
    ? Buffer.from(command.text ?? "")
    : Buffer.alloc(command.zeros);
}
