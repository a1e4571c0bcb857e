import assert from "node:assert/strict";
import { type Address, address } from "./address.js";
import type { Context } from "./context.js";
import { egress } from "./egress.js";
import { StatewireError } from "./errors.js";
import { statefulFunction } from "./function.js";
import { state } from "./state.js";
import { runFunction } from "./testing/run-function.js";
import { typed } from "./typed-value.js";
import { types } from "./types.js";

type AnyContext = Context<Record<never, never>, undefined, undefined>;

/** Runs a handler once, and answers with what it threw. */
async function thrownBy(act: (ctx: AnyContext) => void): Promise<unknown> {
  const probe = statefulFunction("test/probe", { handle: act });
  const { failure } = await runFunction(probe, { message: typed(types.bool, true) });
  return failure?.error;
}

describe("a handler's context", () => {
  it("is closed once its handler has returned, whatever it was kept for", async () => {
    const kept: AnyContext[] = [];
    const leaky = statefulFunction("test/leaky", {
      states: { count: state(types.int) },
      handle(ctx) {
        kept.push(ctx as unknown as AnyContext);
        uses.push(() => ctx.state.count.get());
        uses.push(() => ctx.state.count.set(1));
      },
    });
    const uses: (() => unknown)[] = [];
    await runFunction(leaky, { message: typed(types.bool, true) });
    const [ctx] = kept;
    assert.ok(ctx !== undefined);
    uses.push(
      () => ctx.send(ctx.self, typed(types.bool, true)),
      () => ctx.sendAfter(1, ctx.self, typed(types.bool, true)),
      () => ctx.cancel("t"),
      () => ctx.egress(egress("a/b"), typed(types.bool, true)),
      () => ctx.reply(typed(types.bool, true)),
    );
    for (const use of uses) {
      assert.throws(use, { code: "context-closed" });
    }
    assert.equal(ctx.self.id, "test");
  });

  it("closes between the messages of one batch", async () => {
    const errors: unknown[] = [];
    let late: Promise<void> | undefined;
    const floating = statefulFunction("test/floating", {
      handle(ctx) {
        late = Promise.resolve().then(() => {
          try {
            ctx.cancel("t");
          } catch (error) {
            errors.push(error);
          }
        });
      },
    });
    const { cancellations } = await runFunction(floating, { message: typed(types.bool, true) });
    await late;
    assert.deepEqual(cancellations, []);
    assert.ok(errors[0] instanceof StatewireError);
  });

  it("names the state whose value is larger than the runtime takes", async () => {
    const hoarder = statefulFunction("test/hoarder", {
      states: { hoard: state(types.string) },
      handle: (ctx) => ctx.state.hoard.set("x".repeat(2 ** 20)),
    });
    const { failure } = await runFunction(hoarder, { message: typed(types.bool, true) });
    const message =
      "state hoard: value of 1048580 bytes exceeds valueBytesMax 1048576 of the runtime";
    assert.ok(failure?.error instanceof StatewireError);
    assert.equal(failure.error.message, message);
    assert.equal(failure.error.code, "limit-exceeded");
  });

  const misuses: [string, RegExp, (ctx: AnyContext) => void][] = [
    ["a value without its type", /expected a typed value/, (ctx) => ctx.send(ctx.self, 5 as never)],
    [
      "a typed value without a name",
      /expected a typed value/,
      (ctx) => ctx.send(ctx.self, { typename: "", value: undefined }),
    ],
    [
      "an address with a slash in its type",
      /function type "a\/b\/c" is not/,
      (ctx) => ctx.send({ namespace: "a", type: "b/c", id: "" }, typed(types.bool, true)),
    ],
    [
      "a wildcard",
      /is not an address/,
      (ctx) => ctx.send({ namespace: "a", type: "*", id: "" }, typed(types.bool, true)),
    ],
    [
      "an address without an id",
      /is not an address/,
      (ctx) => ctx.send({ namespace: "a", type: "b" } as Address, typed(types.bool, true)),
    ],
    [
      "a negative delay",
      /delay of -1 ms, expected 0 or more/,
      (ctx) => ctx.sendAfter(-1, ctx.self, typed(types.bool, true)),
    ],
    [
      "a delay that is no number",
      /delay of NaN ms/,
      (ctx) => ctx.sendAfter(Number.NaN, ctx.self, typed(types.bool, true)),
    ],
    [
      "an empty token",
      /cancellation token of 0 bytes, expected 1 to 255/,
      (ctx) => ctx.sendAfter(1, ctx.self, typed(types.bool, true), { token: "" }),
    ],
    ["a token that is too long", /token of 256 bytes/, (ctx) => ctx.cancel("x".repeat(256))],
  ];
  for (const [what, message, act] of misuses) {
    it(`refuses ${what}, where it is used`, async () => {
      const error = await thrownBy(act);
      assert.ok(error instanceof Error);
      assert.match(error.message, message);
    });
  }

  it("goes on after a refused call that the handler catches", async () => {
    const careful = statefulFunction("test/careful", {
      states: { note: state(types.string) },
      handle(ctx) {
        try {
          ctx.cancel("");
        } catch {
          ctx.state.note.set("refused");
        }
      },
    });
    const outcome = await runFunction(careful, { message: typed(types.bool, true) });
    assert.equal(outcome.failure, undefined);
    assert.deepEqual(outcome.state, { note: "refused" });
  });

  it("reads what was last written: changing what it returned changes nothing", async () => {
    const seen: unknown[] = [];
    const list = statefulFunction("test/list", {
      states: { items: state(types.json<string[]>("test/items")) },
      handle(ctx) {
        ctx.state.items.get()?.push("not written");
        seen.push(ctx.state.items.get());
        const items = ["a"];
        ctx.state.items.set(items);
        items.push("written later");
        seen.push(ctx.state.items.get());
        ctx.state.items.clear();
        seen.push(ctx.state.items.get());
      },
    });
    await runFunction(list, { message: typed(types.bool, true), state: { items: [] } });
    assert.deepEqual(seen, [[], ["a"], undefined]);
  });

  it("has states of any name", async () => {
    const named = statefulFunction("test/named", {
      states: {
        constructor: state(types.int),
        host: state(types.int),
        "two words": state(types.int),
      },
      handle(ctx) {
        ctx.state.constructor.set(1);
        ctx.state.host.set(2);
        ctx.state["two words"].set(3);
      },
    });
    const { state: states } = await runFunction(named, { message: typed(types.bool, true) });
    assert.deepEqual(states, { constructor: 1, host: 2, "two words": 3 });
  });

  it("knows who called, and what was asked", async () => {
    const seen: unknown[] = [];
    const asked = statefulFunction("test/asked", {
      handle(ctx) {
        seen.push(ctx.caller, ctx.self.id, ctx.attempt, ctx.wantsReply, ctx.traceparent);
      },
    });
    const caller = address("shop/cart", "alice");
    await runFunction(asked, { message: typed(types.bool, true), id: "x", caller, attempt: 2 });
    assert.deepEqual(seen, [caller, "x", 2, true, undefined]);
  });

  it("tells several accepted messages apart", async () => {
    const seen: unknown[] = [];
    const many = statefulFunction("test/many", {
      accepts: [types.int, types.string],
      handle(_ctx, message) {
        seen.push(message.typename, message.value, message.is(types.string));
      },
    });
    await runFunction(many, { message: typed(types.string, "hi") });
    assert.deepEqual(seen, ["io.statefun.types/string", "hi", true]);
    const { failure } = await runFunction(many, { message: typed(types.bool, true) as never });
    assert.match(
      failure?.message ?? "",
      /expected one of .*\/int, .*\/string, received io.statefun.types\/bool/,
    );
    const twice = statefulFunction("test/x", {
      accepts: [types.int, types.int],
      handle: () => undefined,
    });
    await assert.rejects(runFunction(twice, { message: typed(types.int, 1) }), /accepted twice/);
  });
});
