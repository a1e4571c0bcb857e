/*
 * Goal: functions answer StateFun's request-reply protocol as its own SDKs do. Method: requests and
 * the answers that are expected are written byte by byte.
 */
import assert from "node:assert/strict";
import * as wire from "../../test/support/statefun-bytes.js";
import { egress } from "../egress.js";
import { FunctionFailure } from "../errors.js";
import { type AnyStatefulFunction, statefulFunction } from "../function.js";
import type { ServeEvent } from "../serve-event.js";
import { state } from "../state.js";
import { typed } from "../typed-value.js";
import { types } from "../types.js";
import { HttpFunctions } from "./http-functions.js";

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(value === 0 ? 0 : 5, 0x0d);
  if (value !== 0) {
    bytes.writeInt32LE(value, 1);
  }
  return wire.typedValue("io.statefun.types/int", bytes);
};
const fromHex = (lines: readonly string[]): Buffer =>
  Buffer.from(lines.join("").replaceAll(" ", ""), "hex");
const target = wire.address("shop", "counter", "a");

const counter = statefulFunction("shop/counter", {
  states: { count: state(types.int) },
  accepts: types.int,
  replies: types.int,
  handle(ctx, amount) {
    const count = (ctx.state.count.get() ?? 0) + amount;
    ctx.state.count.set(count);
    ctx.reply(count);
  },
});

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly text: string;
  readonly events: readonly ServeEvent[];
}

async function ask(
  functions: readonly AnyStatefulFunction[],
  body: Uint8Array,
  options: { readonly payloadBytesMax?: number; readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  const events: ServeEvent[] = [];
  const { signal = new AbortController().signal, ...rest } = options;
  const host = new HttpFunctions(functions, { ...rest, onEvent: (event) => events.push(event) });
  const reply = await host.answer(body, signal);
  const bytes = Buffer.from(reply.body);
  return { status: reply.status, body: bytes, text: bytes.toString(), events };
}

function assertBytes(actual: Answer, expected: Uint8Array): void {
  assert.deepEqual(
    [actual.status, actual.body.toString("hex")],
    [200, Buffer.from(expected).toString("hex")],
  );
}

describe("functions over StateFun's protocol", () => {
  it("answer the very bytes that its specification asks for", async () => {
    // ToFunction{100: {1: shop/counter/a, 2: count = int 1, 3: {2: int 2}}}, and count = int 3 back.
    const asked = [
      "a20663",
      "0a12 0a0473686f70 1207636f756e746572 1a0161",
      "1229 0a05636f756e74 1220 0a15696f2e737461746566756e2e74797065732f696e74 1001 1a050d01000000",
      "1a22 1220 0a15696f2e737461746566756e2e74797065732f696e74 1001 1a050d02000000",
    ];
    const answered = [
      "a2062d",
      "0a2b 0801 1205636f756e74 1a20 0a15696f2e737461746566756e2e74797065732f696e74 1001 1a050d03000000",
    ];
    assertBytes(await ask([counter], fromHex(asked)), fromHex(answered));
  });

  it("answer a206 00 when a function did nothing", async () => {
    const idle = statefulFunction("shop/counter", { handle: () => undefined });
    const answer = await ask([idle], wire.request(target, wire.input(int(1))));
    assertBytes(answer, Buffer.from("a20600", "hex"));
  });

  it("ask for the states that are missing, for no others, and do not run", async () => {
    let runs = 0;
    const expiring = statefulFunction("shop/counter", {
      states: {
        known: state(types.int),
        written: state(types.string, { expireAfterWriteMs: 5000 }),
        used: state(types.long, { expireAfterInvocationMs: 300 }),
        lazy: state(types.bool, { lazy: true }),
      },
      handle: () => {
        runs++;
      },
    });
    const spec = (name: string, type: string, ...expiration: Buffer[]): Buffer =>
      wire.field(
        1,
        wire.field(1, name),
        wire.field(2, ...expiration),
        wire.field(3, `io.statefun.types/${type}`),
      );
    const body = wire.request(target, wire.state("known"), wire.input(int(1)));
    assertBytes(
      await ask([expiring], body),
      wire.field(
        101,
        spec("written", "string", wire.numeric(1, 1), wire.numeric(2, 5000)),
        spec("used", "long", wire.numeric(1, 2), wire.numeric(2, 300)),
        spec("lazy", "bool"),
      ),
    );
    assert.equal(runs, 0);
  });

  it("ignore states that they do not declare", async () => {
    const parts = [wire.state("old", int(7)), wire.state("count", int(1)), wire.input(int(2))];
    assertBytes(
      await ask([counter], wire.request(target, ...parts)),
      wire.effects(
        wire.field(1, wire.numeric(1, 1), wire.field(2, "count"), wire.field(3, int(3))),
      ),
    );
  });

  it("handle the messages one after the other over one view of the states", async () => {
    const order: string[] = [];
    const slow = statefulFunction("shop/counter", {
      states: { count: state(types.int) },
      accepts: types.int,
      async handle(ctx, amount) {
        order.push(`begin ${amount}`);
        await new Promise((resolve) => setImmediate(resolve));
        ctx.state.count.set((ctx.state.count.get() ?? 0) * 10 + amount);
        order.push(`end ${amount}`);
      },
    });
    const inputs = [1, 2, 3].map((amount) => wire.input(int(amount)));
    const answer = await ask([slow], wire.request(target, wire.state("count"), ...inputs));
    assertBytes(
      answer,
      wire.effects(
        wire.field(1, wire.numeric(1, 1), wire.field(2, "count"), wire.field(3, int(123))),
      ),
    );
    assert.deepEqual(order, ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
  });

  it("tell a value of zero bytes from none, in state and in messages", async () => {
    const seen: unknown[] = [];
    const both = statefulFunction("shop/counter", {
      states: { zero: state(types.int), none: state(types.int), gone: state(types.int) },
      handle(ctx, { value }) {
        const { zero, none, gone } = ctx.state;
        seen.push(value && Buffer.from(value).toString("hex"), zero.get(), none.get(), gone.get());
        zero.clear();
        none.set(0);
      },
    });
    const asked = (argument: string | undefined): Buffer =>
      wire.request(
        target,
        wire.state("zero", int(0)),
        wire.state("none"),
        wire.state("gone", wire.typedValue("io.statefun.types/int", undefined)),
        wire.input(wire.typedValue("a/b", argument)),
      );
    const expected = wire.effects(
      wire.field(1, wire.field(2, "zero")),
      wire.field(1, wire.numeric(1, 1), wire.field(2, "none"), wire.field(3, int(0))),
    );
    assertBytes(await ask([both], asked("")), expected);
    assertBytes(await ask([both], asked(undefined)), expected);
    assert.deepEqual(seen, ["", 0, undefined, undefined, undefined, 0, undefined, undefined]);
  });

  it("send, delay, cancel and publish, each list in the order of the calls", async () => {
    const log = egress("out/log", types.string);
    const busy = statefulFunction("shop/*", {
      states: { a: state(types.int), b: state(types.int) },
      accepts: types.int,
      handle(ctx) {
        ctx.state.b.set(2);
        ctx.egress(log, "x");
        ctx.cancel("t0");
        ctx.sendAfter(1500, ctx.self, 9, { token: "t1" });
        ctx.sendAfter(0, ctx.self, 0);
        ctx.cancel("t1");
        ctx.send(ctx.self, 5);
        ctx.send({ namespace: "n", type: "t", id: "" }, { typename: "a/b", value: undefined });
        ctx.state.a.set(1);
      },
    });
    const asked = wire.request(target, wire.state("b"), wire.state("a"), wire.input(int(1)));
    const self = wire.field(2, target);
    assertBytes(
      await ask([busy], asked),
      wire.effects(
        wire.field(1, wire.numeric(1, 1), wire.field(2, "a"), wire.field(3, int(1))),
        wire.field(1, wire.numeric(1, 1), wire.field(2, "b"), wire.field(3, int(2))),
        wire.field(2, wire.field(1, target), wire.field(2, int(5))),
        wire.field(
          2,
          wire.field(1, wire.field(1, "n"), wire.field(2, "t")),
          wire.field(2, wire.field(1, "a/b")),
        ),
        wire.field(3, wire.numeric(10, 1), wire.field(11, "t0")),
        wire.field(3, wire.numeric(1, 1500), self, wire.field(3, int(9)), wire.field(11, "t1")),
        wire.field(3, self, wire.field(3, int(0))),
        wire.field(3, wire.numeric(10, 1), wire.field(11, "t1")),
        wire.field(
          4,
          wire.field(1, "out"),
          wire.field(2, "log"),
          wire.field(3, wire.typedValue("io.statefun.types/string", "\n\x01x")),
        ),
      ),
    );
  });

  it("know the caller of each message, or that there is none, and that nobody waits for a reply", async () => {
    const seen: unknown[] = [];
    const curious = statefulFunction("shop/counter", {
      replies: types.int,
      handle(ctx) {
        seen.push(ctx.caller, ctx.wantsReply, ctx.attempt);
        ctx.reply(1);
      },
    });
    const caller = wire.address("n", "t", "x/y");
    const answer = await ask(
      [curious],
      wire.request(target, wire.input(int(1)), wire.input(int(1), caller)),
    );
    assertBytes(answer, Buffer.from("a20600", "hex"));
    assert.deepEqual(seen, [
      undefined,
      false,
      0,
      { namespace: "n", type: "t", id: "x/y" },
      false,
      0,
    ]);
  });

  it("read a lazy state like any other", async () => {
    const lazy = statefulFunction("shop/counter", {
      states: { count: state(types.int, { lazy: true }) },
      async handle(ctx) {
        ctx.state.count.set(((await ctx.state.count.get()) ?? 0) + 1);
      },
    });
    assertBytes(
      await ask([lazy], wire.request(target, wire.state("count", int(41)), wire.input(int(1)))),
      wire.effects(
        wire.field(1, wire.numeric(1, 1), wire.field(2, "count"), wire.field(3, int(42))),
      ),
    );
  });

  it("prefer a function of the exact type to one of its namespace", async () => {
    const wildcard = statefulFunction("shop/*", {
      handle: () => {
        throw new Error("the wildcard ran");
      },
    });
    const exact = statefulFunction("shop/counter", { handle: () => undefined });
    const answer = await ask([wildcard, exact], wire.request(target, wire.input(int(1))));
    assert.equal(answer.status, 200);
  });

  it("answer 500 when a message fails, with nothing of the messages before it", async () => {
    const picky = statefulFunction("shop/counter", {
      states: { count: state(types.int) },
      accepts: types.int,
      handle(ctx, amount) {
        ctx.state.count.set(amount);
        if (amount === 2) {
          throw new FunctionFailure("two is too many");
        }
      },
    });
    const inputs = [1, 2, 3].map((amount) => wire.input(int(amount)));
    const answer = await ask([picky], wire.request(target, wire.state("count"), ...inputs));
    assert.deepEqual([answer.status, answer.text], [500, "two is too many\n"]);
    const [event, ...others] = answer.events;
    assert.ok(event?.kind === "messageFailed");
    assert.deepEqual([event.address.id, others], ["a", []]);
  });

  const failures: [string, Buffer, RegExp][] = [
    [
      "a function that is not served",
      wire.request(wire.address("shop", "other", "a"), wire.input(int(1))),
      /function shop\/other is not served here, but shop\/counter/,
    ],
    [
      "an argument of another type",
      wire.request(target, wire.state("count"), wire.input(wire.typedValue("a/b", "x"))),
      /expected a value of io.statefun.types\/int, received a\/b/,
    ],
    [
      "a state of another type",
      wire.request(target, wire.state("count", wire.typedValue("a/b", "x")), wire.input(int(1))),
      /state count is a\/b, declared as io.statefun.types\/int/,
    ],
  ];
  for (const [what, body, message] of failures) {
    it(`answer 500 to ${what}`, async () => {
      const { status, text } = await ask([counter], body);
      assert.equal(status, 500);
      assert.match(text, message);
    });
  }

  const malformed: [string, Buffer, RegExp][] = [
    ["nothing", Buffer.alloc(0), /empty body, expected a ToFunction/],
    ["bytes that are no message", Buffer.from("a206ff", "hex"), /3 bytes are no ToFunction/],
    ["text", Buffer.from('{"hello":"world"}'), /17 bytes are no ToFunction|without an invocation/],
    [
      "an id that is not UTF-8",
      wire.request(wire.field(1, "shop", Buffer.of(0xff)), wire.input(int(1))),
      /no ToFunction: a text that is not UTF-8/,
    ],
    [
      "bytes behind its end",
      Buffer.concat([wire.request(target, wire.input(int(1))), Buffer.alloc(4)]),
      /no ToFunction: a tag that cannot be/,
    ],
    ["a request without a target", wire.field(100, wire.input(int(1))), /without an invocation/],
    ["a request without a message", wire.request(target), /without a message/],
    [
      "a message without an argument",
      wire.request(target, wire.field(3)),
      /with one that has no argument/,
    ],
  ];
  for (const [what, body, message] of malformed) {
    it(`answer 400 to ${what}`, async () => {
      const { status, text } = await ask([counter], body);
      assert.equal(status, 400);
      assert.match(text, message);
    });
  }

  it("refuse effects that make a larger response than is allowed", async () => {
    const large = statefulFunction("shop/counter", {
      states: { blob: state(types.bytes("a/b")) },
      handle: (ctx) => ctx.state.blob.set(new Uint8Array(1000)),
    });
    const { status, text } = await ask(
      [large],
      wire.request(target, wire.state("blob"), wire.input(int(1))),
      { payloadBytesMax: 900 },
    );
    assert.equal(status, 500);
    assert.match(
      text,
      /state blob: result of \d+ bytes exceeds payloadBytesMax 900 of this server/,
    );
  });

  it("begin no further message when the request is given up, and close the context of the running one", async () => {
    const gone = new AbortController();
    const errors: unknown[] = [];
    let runs = 0;
    let signalled: AbortSignal | undefined;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = statefulFunction("shop/counter", {
      async handle(ctx) {
        runs++;
        signalled = ctx.signal;
        await released;
        try {
          ctx.send(ctx.self, typed(types.int, 1));
        } catch (error) {
          errors.push(error);
        }
      },
    });
    const answer = ask([waiting], wire.request(target, wire.input(int(1)), wire.input(int(2))), {
      signal: gone.signal,
    });
    gone.abort();
    await answer;
    release();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(signalled?.aborted, true);
    assert.equal(runs, 1);
    assert.match(String(errors[0]), /context of shop\/counter used after/);
  });
});
