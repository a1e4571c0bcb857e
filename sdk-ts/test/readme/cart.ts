import { egress, messageType, state, statefulFunction, typed, types } from "@statewire/sdk";
import { z } from "zod";

export const AddItem = messageType("shop/add-item", z.object({ item: z.string() }));
export const Checkout = messageType("shop/checkout", z.object({ card: z.string() }));
export const Forget = messageType("shop/forget", z.object({}));
export const receipts = egress("shop/receipts", types.json("shop/receipt", z.array(z.string())));

export const cart = statefulFunction("shop/cart", {
  states: { items: state(types.json("shop/items", z.array(z.string()))) },
  accepts: [AddItem, Checkout, Forget],
  handle(ctx, message) {
    const items = ctx.state.items.get() ?? [];
    switch (message.typename) {
      case "shop/add-item":
        ctx.state.items.set([...items, message.value.item]);
        ctx.cancel("forget");
        ctx.sendAfter(86_400_000, ctx.self, typed(Forget, {}), { token: "forget" });
        return;
      case "shop/checkout":
        ctx.cancel("forget");
        ctx.egress(receipts, items);
        ctx.send(loyalty.at(message.value.card), items.length);
        ctx.state.items.clear();
        return;
      case "shop/forget":
        ctx.state.items.clear();
    }
  },
});

export const loyalty = statefulFunction("shop/loyalty", {
  states: { points: state(types.long, { expireAfterWriteMs: 31_536_000_000 }) },
  accepts: types.int,
  handle(ctx, bought) {
    ctx.state.points.set((ctx.state.points.get() ?? 0n) + BigInt(bought));
  },
});
