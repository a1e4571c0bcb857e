from datetime import timedelta

from cart import AddItem, Checkout, Forget, cart, loyalty, receipts

from statewire.testing import TestApplication, run_function


async def test_an_item_is_kept_for_a_day() -> None:
    outcome = await run_function(cart, AddItem("tea"), state={"items": {"milk": 2}})
    assert outcome.state == {"items": {"milk": 2, "tea": 1}}
    assert outcome.delayed_sends[0].decode(Forget) == Forget()
    assert outcome.delayed_sends[0].delay == timedelta(days=1)


async def test_what_is_bought_earns_points_and_what_is_not_is_forgotten() -> None:
    app = TestApplication([cart, loyalty])
    app.send(cart.at("alice"), AddItem("tea"))
    app.send(cart.at("alice"), Checkout(card="4711"))
    app.send(cart.at("bob"), AddItem("salt"))
    await app.settle()
    assert app.egress_records(receipts) == [{"tea": 1}]
    assert app.state(loyalty.at("4711")) == {"points": 1}

    await app.advance(timedelta(days=1))
    assert app.state(cart.at("bob")) == {"items": {}}
