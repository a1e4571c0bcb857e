/*
 * What the compiler must accept and refuse. There is nothing to run: an accepted mistake makes its
 * @ts-expect-error line an error of the build.
 */
import { z } from "zod";
import {
  address,
  type Context,
  egress,
  functionReference,
  messageType,
  state,
  statefulFunction,
  typed,
  types,
} from "../src/index.js";

interface Profile {
  name: string;
}
interface Remove {
  item: string;
}

const Add = messageType("shop/add", z.object({ item: z.string(), count: z.number() }));
const Drop = types.json<Remove>("shop/drop");
const alerts = egress("shop/alerts", types.string);
const anything = egress("shop/anything");

export const counter = statefulFunction("shop/counter", {
  states: {
    count: state(types.long, { expireAfterWriteMs: 60_000 }),
    profile: state(types.json<Profile>("shop/profile"), { lazy: true }),
  },
  accepts: Add,
  replies: types.long,
  async handle(ctx, message) {
    const item: string = message.item;
    const count: bigint = ctx.state.count.get() ?? 0n;
    ctx.state.count.set(count + 1n);
    // @ts-expect-error a long is a bigint
    ctx.state.count.set(1);
    // @ts-expect-error not declared
    ctx.state.counts;
    const profile: Profile | undefined = await ctx.state.profile.get();
    // @ts-expect-error a lazy state's get is a promise
    ctx.state.profile.get()?.name;
    ctx.send(ctx.self, { item, count: 1 });
    // @ts-expect-error not what this function accepts
    ctx.send(ctx.self, { item });
    ctx.send(inventory.at("a"), typed(Add, { item, count: 2 }));
    ctx.send(inventory.at("a"), typed(Drop, { item }));
    // @ts-expect-error inventory takes several types: the message says which
    ctx.send(inventory.at("a"), { item });
    // @ts-expect-error not one that inventory accepts
    ctx.send(inventory.at("a"), typed(types.long, 1n));
    ctx.sendAfter(1000, inventory.at("b"), typed(Drop, { item }), { token: "t" });
    ctx.cancel("t");
    ctx.egress(alerts, profile?.name ?? "nobody");
    // @ts-expect-error alerts takes strings
    ctx.egress(alerts, 1);
    ctx.egress(anything, typed(types.long, 1n));
    ctx.reply(count);
    // @ts-expect-error replies are longs
    ctx.reply("one");
    if (ctx.caller !== undefined) {
      ctx.send(ctx.caller, typed(types.bool, true));
      // @ts-expect-error nothing is known of the caller: the message says its type
      ctx.send(ctx.caller, true);
    }
    ctx.send(address("shop/cart", "x"), typed(types.string, "hi"));
  },
});

export const inventory = statefulFunction("shop/inventory", {
  accepts: [Add, Drop],
  handle(ctx, message) {
    // @ts-expect-error which of the two it is has to be asked first
    message.value.count;
    if (message.is(Add)) {
      const count: number = message.value.count;
      ctx.reply(typed(types.double, count));
    }
    if (message.is(Drop)) {
      const item: string = message.value.item;
      ctx.send(counter.at(item), { item, count: 1 });
    } else {
      const count: number = message.value.count;
      ctx.send(counter.at("x"), { item: "x", count });
    }
    // @ts-expect-error no replies declared: the reply says its type
    ctx.reply(1);
    // @ts-expect-error no states declared
    ctx.state.count;
  },
});

// Two literal typenames make a closed union: the switch below covers it.
const Remove = messageType("shop/remove", z.object({ item: z.string() }));
export const exhaustive = statefulFunction("shop/exhaustive", {
  accepts: [Add, Remove],
  handle(_ctx, message) {
    switch (message.typename) {
      case "shop/add":
        message.value.count satisfies number;
        return;
      case "shop/remove":
        message.value.item satisfies string;
        // @ts-expect-error only an Add has a count
        message.value.count;
        return;
      default:
        message satisfies never;
    }
  },
});

export const wildcard = statefulFunction("jobs/*", {
  handle(ctx, message) {
    const typename: string = message.typename;
    const bytes: Uint8Array | undefined = message.value;
    ctx.send(wildcard.at("other", typename), message);
    // @ts-expect-error a wildcard's address names the type as well
    ctx.send(wildcard.at("id"), message);
    void bytes;
  },
});
// @ts-expect-error one type: the address is the id alone
counter.at("type", "id");

const remote = functionReference("other/function", types.int);
export function sendsRemotely(ctx: Context): void {
  ctx.send(remote.at("a"), 1);
  // @ts-expect-error the reference says what it takes
  ctx.send(remote.at("a"), "one");
}

types.json("shop/inferred", z.object({ a: z.number() })) satisfies {
  decode(b: Uint8Array): { a: number };
};
types.json<Profile>("shop/profile", z.object({ name: z.string() }));
// @ts-expect-error the schema's values are not profiles
types.json<Profile>("shop/profile", z.object({ name: z.number() }));
const DateText = z.string().transform((text) => new Date(text));
// @ts-expect-error what this schema decodes it does not encode
types.json("shop/date", DateText);
// @ts-expect-error what this schema decodes it does not encode
messageType("shop/date", DateText);
// @ts-expect-error without a schema the type is named
types.json("shop/unknown").encode({ a: 1 });
// @ts-expect-error one kind of laziness
state(types.long, { lazy: "yes" });
