"""What can be declared, and what the runtime is told of it."""

from datetime import timedelta
from typing import Any

import pytest

from statewire import (
    Address,
    DeclarationError,
    Egress,
    FunctionFailure,
    FunctionServer,
    InvalidValueError,
    LazyState,
    State,
    StatefulFunction,
    States,
    Tls,
    types,
)
from statewire.v1 import stream_pb2 as pb
from tests.support.counter import counter


class Many(States):
    count = State(types.LONG, default=0, expire_after_write=timedelta(microseconds=1))
    seen = State(types.STRING, expire_after_invocation=timedelta(days=1), name="seen-at")
    document = LazyState(types.raw("office/document"))


class More(Many):
    extra = State(types.BOOL)


def test_a_function_is_announced_with_its_states_in_order():
    spec = StatefulFunction("shop/many", More, in_flight_max=2, batch_max=3).spec()
    assert spec == pb.FunctionSpec(
        type_name="shop/many",
        in_flight_max=2,
        batch_max=3,
        states=[
            pb.StateSpec(
                name="count",
                typename="io.statefun.types/long",
                expiration=pb.Expiration(mode=pb.Expiration.MODE_AFTER_WRITE, duration_ms=1),
            ),
            pb.StateSpec(
                name="seen-at",
                typename="io.statefun.types/string",
                expiration=pb.Expiration(
                    mode=pb.Expiration.MODE_AFTER_INVOCATION, duration_ms=86_400_000
                ),
            ),
            pb.StateSpec(name="document", typename="office/document", lazy=True),
            pb.StateSpec(name="extra", typename="io.statefun.types/bool"),
        ],
    )


def test_addresses_are_built_by_functions():
    assert counter.at("alice") == Address("shop/counter", "alice")
    assert str(StatefulFunction("jobs/*").at("archive", "a/b")) == "jobs/archive/a/b"
    assert Address("shop/counter", "alice").namespace == "shop"
    assert Address("shop/counter", "alice").type == "counter"
    with pytest.raises(DeclarationError, match="takes at"):
        counter.at("type", "id")
    with pytest.raises(DeclarationError, match="takes at"):
        StatefulFunction("jobs/*").at("id")


def test_a_typing_mistake_in_a_states_name_is_an_error():
    class Host:
        pass

    with pytest.raises(AttributeError):
        Many(Host()).coutn = 1  # type: ignore[arg-type, attr-defined]


@pytest.mark.parametrize("name", ["", "shop", "/x", "shop/", "shop/a/b", "x" * 256 + "/a"])
def test_a_function_has_a_namespace_and_a_type(name):
    with pytest.raises(DeclarationError):
        StatefulFunction(name)
    with pytest.raises(DeclarationError):
        Egress(name)


def declare_states(name: str, parents: tuple[type, ...], declared: dict[str, Any]) -> Any:
    return type(States)(name, parents, declared)  # type: ignore[misc]


def wrong_declarations():
    class Other(States):
        pass

    shared = State(types.INT)
    yield "no type", lambda: State(int)  # type: ignore[call-overload]
    yield "default of another type", lambda: State(types.INT, default="1")  # type: ignore[misc]
    yield "no time at all", lambda: State(types.INT, expire_after_write=timedelta(0))
    yield (
        "two kinds of expiry",
        lambda: State(
            types.INT,
            expire_after_write=timedelta(1),
            expire_after_invocation=timedelta(1),
        ),
    )
    yield (
        "a long name",
        lambda: declare_states("S", (States,), {"x": State(types.INT, name="x" * 256)}),
    )
    yield (
        "two states of one name",
        lambda: declare_states(
            "S", (States,), {"x": State(types.INT), "y": State(types.INT, name="x")}
        ),
    )
    yield (
        "one state of two classes",
        lambda: [
            declare_states("S", (States,), {"x": shared}),
            declare_states("S", (States,), {"x": shared}),
        ],
    )
    yield "two parents", lambda: declare_states("S", (More, declare_states("T", (Many,), {})), {})
    yield "states of another kind", lambda: StatefulFunction("a/b", dict)  # type: ignore[type-var]
    yield "no bound", lambda: StatefulFunction("a/b", in_flight_max=0)
    yield "no integer", lambda: StatefulFunction("a/b", batch_max=1.5)  # type: ignore[call-overload]
    yield "a type that is handled twice", lambda: counter.on(types.LONG)
    yield "no functions", lambda: FunctionServer([], address="127.0.0.1:0")
    yield "the same function twice", lambda: FunctionServer([counter, counter], address="h:0")
    yield "no function", lambda: FunctionServer([len], address="h:0")  # type: ignore[list-item]
    yield "neither address nor runtime", lambda: FunctionServer([counter])
    yield "half a certificate", lambda: Tls(certificate=b"").server_credentials()
    yield "a negative wait", lambda: FunctionFailure("no", retry_after=timedelta(-1))


@pytest.mark.parametrize(
    "declare", [pytest.param(declare, id=name) for name, declare in wrong_declarations()]
)
def test_wrong_declarations_are_refused(declare):
    with pytest.raises((DeclarationError, InvalidValueError, RuntimeError)) as raised:
        declare()
    error = raised.value
    assert isinstance(error.__cause__ or error, DeclarationError | InvalidValueError | TypeError)
