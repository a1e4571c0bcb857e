from datetime import timedelta

from statewire import Context, Egress, Message, State, StatefulFunction, States, types


class AddItem(Message, typename="shop/add-item"):
    item: str
    count: int = 1


class Checkout(Message, typename="shop/checkout"):
    card: str


class Forget(Message, typename="shop/forget"):
    pass


class CartStates(States):
    items = State(types.json("shop/items", dict[str, int]), default={})


class LoyaltyStates(States):
    points = State(types.LONG, default=0, expire_after_write=timedelta(days=365))


receipts = Egress("shop/receipts", types.json("shop/receipt", dict[str, int]))
cart = StatefulFunction("shop/cart", CartStates)
loyalty = StatefulFunction("shop/loyalty", LoyaltyStates)


@cart.on(AddItem)
def add_item(ctx: Context[CartStates], message: AddItem) -> None:
    items = ctx.state.items
    items[message.item] = items.get(message.item, 0) + message.count
    ctx.state.items = items
    ctx.cancel("forget")
    ctx.send_after(timedelta(days=1), ctx.self, Forget(), token="forget")


@cart.on(Checkout)
def check_out(ctx: Context[CartStates], message: Checkout) -> None:
    ctx.cancel("forget")
    ctx.egress(receipts, ctx.state.items)
    ctx.send(loyalty.at(message.card), types.INT(len(ctx.state.items)))
    del ctx.state.items


@cart.on(Forget)
def forget(ctx: Context[CartStates], _: Forget) -> None:
    del ctx.state.items


@loyalty.on(types.INT)
def add_points(ctx: Context[LoyaltyStates], bought: int) -> None:
    ctx.state.points += bought
