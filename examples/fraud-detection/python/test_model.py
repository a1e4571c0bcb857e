"""The model without a server."""

from model import SCORE, Features, model, score_of

from statewire import Address
from statewire.testing import run_function


async def test_the_transaction_that_asks_is_told_its_score() -> None:
    transaction = Address("fraud/transaction", "payment-1")
    features = Features(amount=1000, fraudCount=2, merchantRisk=50)
    outcome = await run_function(model, features, id="payment-1", caller=transaction)
    [sent] = outcome.sends
    assert (sent.target, sent.decode(SCORE)) == (transaction, 75)


def test_a_half_is_rounded_up_as_in_the_other_languages() -> None:
    assert score_of(Features(amount=1, fraudCount=0, merchantRisk=45)) == 14
    assert score_of(Features(amount=0, fraudCount=0, merchantRisk=5)) == 2
    assert score_of(Features(amount=1000, fraudCount=9, merchantRisk=99)) == 99
