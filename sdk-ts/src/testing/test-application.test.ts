import assert from "node:assert/strict";
import { address } from "../address.js";
import { deadLetterType } from "../dead-letter.js";
import { egress } from "../egress.js";
import { FunctionFailure, StatewireError } from "../errors.js";
import { functionReference, statefulFunction } from "../function.js";
import { state } from "../state.js";
import { typed } from "../typed-value.js";
import { types } from "../types.js";
import { TestApplication } from "./test-application.js";

const receipts = egress("shop/receipts", types.string);
const elsewhere = functionReference("mail/outbox", types.string);

interface CartMessage {
  readonly item?: string;
  readonly checkout?: boolean;
  readonly expired?: boolean;
}

const cart = statefulFunction("shop/cart", {
  states: { items: state(types.json<string[]>("shop/items")) },
  accepts: types.json<CartMessage>("shop/cart-message"),
  replies: types.int,
  handle(ctx, message) {
    const items = ctx.state.items.get() ?? [];
    if (message.item !== undefined) {
      ctx.cancel("expire");
      ctx.sendAfter(60_000, ctx.self, { expired: true }, { token: "expire" });
      ctx.send(stock.at(message.item), 1);
      ctx.state.items.set([...items, message.item]);
    }
    if (message.checkout === true) {
      ctx.egress(receipts, `${ctx.self.id}: ${items.join(", ")}`);
      ctx.cancel("expire");
    }
    if (message.expired === true || message.checkout === true) {
      ctx.send(elsewhere.at(ctx.self.id), message.expired === true ? "expired" : "bought");
      ctx.state.items.clear();
    }
    ctx.reply(items.length);
  },
});

const stock = statefulFunction("shop/stock", {
  states: { taken: state(types.int) },
  accepts: types.int,
  async handle(ctx, count) {
    await Promise.resolve();
    ctx.state.taken.set((ctx.state.taken.get() ?? 0) + count);
  },
});

describe("TestApplication", () => {
  it("carries messages between functions until nothing is left to do", async () => {
    const app = new TestApplication([cart, stock], { elsewhere: [elsewhere] });
    app.send(cart.at("alice"), { item: "tea" });
    app.send(cart.at("bob"), { item: "tea" });
    app.send(cart.at("alice"), { checkout: true });
    await app.settle();
    assert.deepEqual(app.egressRecords(receipts), ["alice: tea"]);
    assert.deepEqual(app.state(stock, "tea"), { taken: 2 });
    assert.deepEqual(app.state(cart, "alice"), { items: undefined });
    assert.deepEqual(app.state(cart, "bob"), { items: ["tea"] });
    assert.equal(app.messagesTo(elsewhere.at("alice"))[0]?.as(types.string), "bought");
  });

  it("fires delayed messages in virtual time, unless they were cancelled", async () => {
    const app = new TestApplication([cart, stock], { elsewhere: [elsewhere] });
    app.send(cart.at("alice"), { item: "tea" });
    await app.advance(30_000);
    app.send(cart.at("alice"), { item: "milk" });
    await app.advance(59_999);
    assert.deepEqual(app.state(cart, "alice"), { items: ["tea", "milk"] });
    assert.equal(app.delayed[0]?.dueMs, 90_000);
    await app.advance(1);
    assert.equal(app.nowMs, 90_000);
    assert.deepEqual(app.state(cart, "alice"), { items: undefined });
    assert.deepEqual(app.messagesTo(elsewhere.at("alice"))[0]?.caller, {
      namespace: "shop",
      type: "cart",
      id: "alice",
    });
    assert.deepEqual(app.delayed, []);
  });

  it("answers a call with the reply, and with undefined when there is none", async () => {
    const app = new TestApplication([cart, stock], { elsewhere: [elsewhere] });
    app.setState(cart, "alice", { items: ["a", "b"] });
    assert.equal(await app.call(cart, "alice", { checkout: true }), 2);
    assert.equal(await app.call(stock, "tea", 1), undefined);
  });

  it("delivers the messages of one sender to one target in the order sent", async () => {
    const seen: number[] = [];
    const sink = statefulFunction("test/sink", {
      accepts: types.int,
      async handle(_ctx, value) {
        if (value % 2 === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        seen.push(value);
      },
    });
    const source = statefulFunction("test/source", {
      accepts: types.int,
      handle(ctx, count) {
        for (let value = 0; value < count; value++) {
          ctx.send(sink.at("one"), value);
        }
      },
    });
    const app = new TestApplication([sink, source]);
    app.send(source.at("a"), 20);
    await app.settle();
    assert.deepEqual(seen, [...Array(20).keys()]);
  });

  it("expires state in virtual time, by write or by invocation", async () => {
    const keeper = statefulFunction("test/keeper", {
      states: {
        written: state(types.int, { expireAfterWriteMs: 100 }),
        used: state(types.int, { expireAfterInvocationMs: 100 }),
      },
      accepts: types.bool,
      handle(ctx, write) {
        if (write) {
          ctx.state.written.set(1);
          ctx.state.used.set(1);
        }
      },
    });
    const app = new TestApplication([keeper]);
    await app.call(keeper, "a", true);
    await app.advance(60);
    await app.call(keeper, "a", false);
    await app.advance(60);
    assert.deepEqual(app.state(keeper, "a"), { written: undefined, used: 1 });
    await app.advance(40);
    assert.deepEqual(app.state(keeper, "a"), { written: undefined, used: undefined });
  });

  it("rejects with what a handler threw, and keeps what earlier messages did", async () => {
    const app = new TestApplication([fragile]);
    app.send(fragile.at("a"), 1);
    app.send(fragile.at("a"), 13);
    app.send(fragile.at("a"), 2);
    await assert.rejects(app.settle(), (error: unknown) => {
      assert.ok(error instanceof StatewireError);
      assert.equal(error.code, "test-failed");
      assert.match(error.message, /test\/fragile\/a failed: unlucky/);
      assert.ok(error.cause instanceof Error);
      return true;
    });
    await app.settle();
    assert.deepEqual(app.state(fragile, "a"), { sum: 3 });
  });

  it("retries in virtual time when asked to, then goes on with the messages behind", async () => {
    luck = false;
    const app = new TestApplication([fragile], { failures: "retry" });
    app.send(fragile.at("a"), 13);
    app.send(fragile.at("a"), 2);
    await app.settle();
    assert.deepEqual(app.state(fragile, "a"), { sum: undefined });
    luck = true;
    await app.advance(100);
    assert.deepEqual(app.state(fragile, "a"), { sum: 15 });
    luck = false;
  });

  it("parks an address whose message cannot succeed, and no other", async () => {
    const app = new TestApplication([fragile], { failures: "retry", retry: { attemptsMax: 2 } });
    app.send(fragile.at("a"), -1);
    app.send(fragile.at("a"), 1);
    app.send(fragile.at("b"), 1);
    app.send(fragile.at("c"), 13);
    await app.advance(60_000);
    assert.deepEqual(
      app.parked.map((parked) => parked.address.id),
      ["a", "c"],
    );
    assert.deepEqual(app.state(fragile, "a"), { sum: undefined });
    assert.deepEqual(app.state(fragile, "b"), { sum: 1 });
  });

  it("retries as a runtime does when nothing is said: 70 attempts, at most 30 seconds apart", async () => {
    const app = new TestApplication([fragile], { failures: "retry" });
    app.send(fragile.at("a"), 13);
    const waits = [...Array(9).keys()].map((power) => 100 * 2 ** power);
    const sum = waits.reduce((total, wait) => total + wait, 0);
    await app.advance(sum + 60 * 30_000 - 1);
    assert.equal(app.parked.length, 0);
    await app.advance(1);
    const [parked] = app.parked;
    assert.deepEqual([parked?.address.id, parked?.code, parked?.attempts], ["a", "function", 70]);
    assert.ok(parked?.error instanceof Error);
  });

  it("lets a test decide about a parked address, as an operator does", async () => {
    const app = new TestApplication([fragile], { failures: "retry", retry: { attemptsMax: 1 } });
    app.send(fragile.at("a"), 13);
    app.send(fragile.at("a"), 1);
    await app.settle();
    await assert.rejects(app.call(fragile, "a", 5), /test\/fragile\/a is parked/);
    luck = true;
    app.retryParked(fragile.at("a"));
    await app.settle();
    luck = false;
    assert.deepEqual(app.state(fragile, "a"), { sum: 14 });
    app.send(fragile.at("a"), -1);
    app.send(fragile.at("a"), 2);
    await app.settle();
    app.dropParked(fragile.at("a"));
    await app.settle();
    assert.deepEqual(app.state(fragile, "a"), { sum: 16 });
    assert.deepEqual(app.parked, []);
    assert.throws(() => app.retryParked(fragile.at("a")), /test\/fragile\/a is not parked/);
    assert.throws(() => app.dropParked(fragile.at("a")), /test\/fragile\/a is not parked/);
  });

  it("tells who waits for a reply that the message failed for good", async () => {
    const app = new TestApplication([fragile], { failures: "retry" });
    await assert.rejects(app.call(fragile, "a", -1), (error: unknown) => {
      assert.ok(error instanceof StatewireError);
      assert.match(error.message, /test\/fragile\/a failed: negative/);
      assert.ok(error.cause instanceof FunctionFailure);
      return true;
    });
  });

  it("sends what is given up to an egress when it is told to, and goes on", async () => {
    const failed = egress("test/failed", deadLetterType);
    const retry = { attemptsMax: 2, deadLetterEgress: failed };
    const app = new TestApplication([fragile], { failures: "retry", retry });
    app.send(fragile.at("a"), 13, address("test/source", "s"));
    app.send(fragile.at("a"), 2);
    app.send(fragile.at("a"), -1);
    await app.advance(100);
    assert.deepEqual(app.state(fragile, "a"), { sum: 2 });
    const [first, second] = app.egressRecords(failed);
    assert.deepEqual(first, {
      function: "test/fragile",
      id: "a",
      caller: { function: "test/source", id: "s" },
      typename: "io.statefun.types/int",
      base64: Buffer.from("0d0d000000", "hex").toString("base64"),
      code: "function",
      error: "Error: unlucky",
      attempts: 2,
      firstFailedAtMs: 0,
      lastFailedAtMs: 100,
    });
    assert.deepEqual([second?.error, second?.attempts], ["negative", 1]);
    assert.deepEqual(app.parked, []);
  });

  it("fails for a message to a function that it does not have, unless that is elsewhere", async () => {
    const app = new TestApplication([cart, stock]);
    app.send(cart.at("alice"), { checkout: true });
    await assert.rejects(
      app.settle(),
      /unknown function type mail\/outbox: the application has no function for mail\/outbox\/alice/,
    );
    const wild = new TestApplication([cart, stock], { elsewhere: [{ typeName: "mail/*" }] });
    wild.send(cart.at("alice"), { checkout: true });
    await wild.settle();
    assert.equal(wild.messagesTo(elsewhere.at("alice")).length, 1);
  });

  it("parks the address of a function that it does not have when failures are retried", async () => {
    const app = new TestApplication([cart, stock], { failures: "retry" });
    app.send(cart.at("alice"), { checkout: true });
    await app.settle();
    const [parked] = app.parked;
    assert.deepEqual([parked?.address.type, parked?.code], ["outbox", "unknownType"]);
    app.retryParked(elsewhere.at("alice"));
    assert.equal(app.parked.length, 1, "nobody serves it yet");
    app.dropParked(elsewhere.at("alice"));
    assert.equal(app.parked.length, 0);
    assert.deepEqual(app.messagesTo(elsewhere.at("alice")), []);
  });

  it("finds the message of a batch whose result is refused", async () => {
    const once = statefulFunction("test/once", {
      states: { sum: state(types.int) },
      accepts: types.int,
      handle(ctx, value) {
        ctx.state.sum.set((ctx.state.sum.get() ?? 0) + value);
        if (value === 13) {
          ctx.sendAfter(1000, ctx.self, 0, { token: "t" });
          ctx.sendAfter(1000, ctx.self, 0, { token: "t" });
        }
      },
    });
    const app = new TestApplication([once], { failures: "retry" });
    for (const value of [1, 2, 13, 4]) {
      app.send(once.at("a"), value);
    }
    await app.settle();
    assert.deepEqual(app.state(once, "a"), { sum: 3 });
    assert.equal(app.parked[0]?.code, "badResult");
    app.dropParked(once.at("a"));
    await app.settle();
    assert.deepEqual(app.state(once, "a"), { sum: 7 });
  });

  it("refuses the whole result when it schedules under a token that is pending", async () => {
    const doubled = statefulFunction("test/doubled", {
      states: { ran: state(types.bool) },
      accepts: types.bool,
      handle(ctx) {
        ctx.state.ran.set(true);
        ctx.sendAfter(10, ctx.self, true, { token: "t" });
        ctx.sendAfter(20, ctx.self, true, { token: "t" });
      },
    });
    const app = new TestApplication([doubled]);
    app.send(doubled.at("a"), true);
    await assert.rejects(app.settle(), /token "t" is pending already for id "a" \[TIMER-4\]/);
    assert.deepEqual(app.state(doubled, "a"), { ran: undefined });
    assert.deepEqual(app.delayed, []);
  });

  it("gives up on a cycle that never ends", async () => {
    const cycle = statefulFunction("test/cycle", {
      accepts: types.bool,
      handle: (ctx) => ctx.send(ctx.self, true),
    });
    const app = new TestApplication([cycle], { invocationsMax: 50 });
    app.send(cycle.at("a"), true);
    await assert.rejects(app.settle(), /not settled after invocationsMax 50 invocations/);
  });

  it("runs the types of a wildcard, and knows their instances apart", async () => {
    const jobs = statefulFunction("jobs/*", {
      states: { runs: state(types.int) },
      handle(ctx) {
        ctx.state.runs.set((ctx.state.runs.get() ?? 0) + 1);
      },
    });
    const app = new TestApplication([jobs]);
    app.send(jobs.at("mail", "a"), typed(types.bool, true));
    app.send(address("jobs/print", "a"), typed(types.bool, true));
    app.send(address("jobs/print", "a"), typed(types.bool, true));
    await app.settle();
    assert.deepEqual(app.state(jobs, jobs.at("mail", "a")), { runs: 1 });
    assert.deepEqual(app.state(jobs, jobs.at("print", "a")), { runs: 2 });
  });

  it("fires a delay of zero without time passing", async () => {
    const later = statefulFunction("test/later", {
      states: { done: state(types.bool) },
      accepts: types.bool,
      handle(ctx, again) {
        if (again) {
          ctx.sendAfter(0, ctx.self, false);
        } else {
          ctx.state.done.set(true);
        }
      },
    });
    const app = new TestApplication([later]);
    app.send(later.at("a"), true);
    await app.settle();
    assert.deepEqual(app.state(later, "a"), { done: true });
    assert.equal(app.nowMs, 0);
  });
});

let luck = false;

const fragile = statefulFunction("test/fragile", {
  states: { sum: state(types.int) },
  accepts: types.int,
  handle(ctx, value) {
    ctx.state.sum.set((ctx.state.sum.get() ?? 0) + value);
    if (value === 13 && !luck) {
      throw new Error("unlucky");
    }
    if (value < 0) {
      throw new FunctionFailure("negative", { retryable: false });
    }
  },
});
