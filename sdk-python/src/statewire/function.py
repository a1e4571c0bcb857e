"""Functions: declared state, and a handler for each type of message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload

from statewire.address import Address, parse_type_name
from statewire.context import Context
from statewire.errors import BadInputError, DeclarationError
from statewire.message import to_type
from statewire.state import States
from statewire.typed_value import Type, TypedValue, decode_received
from statewire.v1 import stream_pb2 as pb

S = TypeVar("S", bound=States)
M = TypeVar("M")
R = TypeVar("R")


class HandlerDecorator(Protocol[S, M, R]):
    """Registers a handler, and gives it back as it is."""

    @overload
    def __call__(
        self, handler: Callable[[Context[S], M], Awaitable[R]], /
    ) -> Callable[[Context[S], M], Awaitable[R]]: ...
    @overload
    def __call__(
        self, handler: Callable[[Context[S], M], R], /
    ) -> Callable[[Context[S], M], R]: ...


class Handler(NamedTuple):
    """What is done with one type of message."""

    type: Type[Any] | None
    """None: any type, as a typed value."""
    call: Callable[[Context[Any], Any], Any]
    replies: Type[Any] | None
    is_async: bool
    """An async def: it is called in a task."""

    def decode(self, typename: str, value: bytes | None) -> Any:
        """What the handler is called with. Raises BadInputError."""
        if self.type is None:
            return TypedValue(typename, value)
        return decode_received(self.type, typename, value)


class StatefulFunction(Generic[S]):
    """A function type: the states that each of its instances has, and handlers for its messages.

        counter = StatefulFunction("shop/counter", Counter)

        @counter.on(types.INT, replies=types.INT)
        def add(ctx: Context[Counter], amount: int) -> int:
            ctx.state.count += amount
            return ctx.state.count

    "namespace/*" serves all types of a namespace that are not served by name. Messages of one
    instance are handled one after the other.
    """

    type_name: str
    """"namespace/type", or "namespace/*"."""

    in_flight_max: int | None
    batch_max: int | None

    @overload
    def __init__(
        self: StatefulFunction[States],
        type_name: str,
        *,
        in_flight_max: int | None = None,
        batch_max: int | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type_name: str,
        states: type[S],
        *,
        in_flight_max: int | None = None,
        batch_max: int | None = None,
    ) -> None: ...
    def __init__(
        self,
        type_name: str,
        states: type[Any] = States,
        *,
        in_flight_max: int | None = None,
        batch_max: int | None = None,
    ) -> None:
        """Declares a function type.

        `in_flight_max` bounds the messages' batches that run at a time for one stream, and
        `batch_max` the messages of one instance that arrive together; without them the runtime
        decides.

        Raises `DeclarationError` when the name is not "namespace/type", `states` is no subclass of
        `States`, or a bound is not 1 or more.
        """
        parse_type_name(type_name)
        _validate_states(type_name, states)
        _validate_bound(type_name, "in_flight_max", in_flight_max)
        _validate_bound(type_name, "batch_max", batch_max)
        self.type_name = type_name
        self.states: type[S] = states
        self.in_flight_max = in_flight_max
        self.batch_max = batch_max
        self._handlers: dict[str, Handler] = {}
        self._any: Handler | None = None

    def __repr__(self) -> str:
        return f"<StatefulFunction {self.type_name}>"

    @overload
    def at(self, id: str, /) -> Address: ...
    @overload
    def at(self, type: str, id: str, /) -> Address: ...
    def at(self, *path: str) -> Address:
        """The address of one instance: `at("id")`, and for a wildcard `at("type", "id")`.

        Raises `DeclarationError` when the parts are too many or too few.
        """
        namespace, name = parse_type_name(self.type_name)
        *types, identifier = path
        if len(types) != (1 if name == "*" else 0):
            raise DeclarationError(
                f"{self.type_name} takes at({'type, id' if name == '*' else 'id'}), not "
                f"{len(path)} parts"
            )
        return Address(f"{namespace}/{types[0]}" if types else self.type_name, identifier)

    @overload
    def on(self, accepts: Type[M] | type[M], /) -> HandlerDecorator[S, M, None]: ...
    @overload
    def on(
        self, accepts: Type[M] | type[M], /, *, replies: Type[R] | type[R]
    ) -> HandlerDecorator[S, M, R | None]: ...
    def on(self, accepts: Any, /, *, replies: Any = None) -> HandlerDecorator[S, Any, Any]:
        """Registers the handler of one type of message; as a decorator, or `on(type)(handler)`.

        `accepts` is a type such as `types.INT`, a subclass of `Message`, or a protobuf message. With
        `replies` the handler returns its reply, a value of that type, or None for none.

        The handler takes the context and the value. An `async def` may wait; while it does, other
        instances go on. A plain `def` runs on the event loop and costs no task: it must not block. To
        call code that blocks, `await asyncio.to_thread(...)`. When the runtime no longer waits for a
        handler, it is cancelled.

        A message of a type that no handler takes fails and is not tried again.

        Raises `DeclarationError` when the type has a handler already.
        """
        taken = to_type(accepts)
        if taken.typename in self._handlers:
            raise DeclarationError(f"{self.type_name} handles {taken.typename} twice")
        reply_type = None if replies is None else to_type(replies)

        def register(handler: Callable[[Context[S], Any], Any], /) -> Any:
            self._handlers[taken.typename] = Handler(
                taken, handler, reply_type, iscoroutinefunction(handler)
            )
            return handler

        return register

    @overload
    def on_any(self) -> HandlerDecorator[S, TypedValue, None]: ...
    @overload
    def on_any(
        self, *, replies: Type[R] | type[R]
    ) -> HandlerDecorator[S, TypedValue, R | None]: ...
    def on_any(self, *, replies: Any = None) -> HandlerDecorator[S, TypedValue, Any]:
        """Registers the handler of messages that no other handler takes, as typed values.

        Raises `DeclarationError` when there is one already.
        """
        if self._any is not None:
            raise DeclarationError(f"{self.type_name} has two handlers of any message")
        reply_type = None if replies is None else to_type(replies)

        def register(handler: Callable[[Context[S], TypedValue], Any], /) -> Any:
            self._any = Handler(None, handler, reply_type, iscoroutinefunction(handler))
            return handler

        return register

    def handler_of(self, typename: str) -> Handler:
        """The handler of a message. Raises `BadInputError` when there is none."""
        handler = self._handlers.get(typename) or self._any
        if handler is None:
            known = ", ".join(self._handlers) or "no messages"
            raise BadInputError(f"{self.type_name} takes {known}, received {typename}")
        return handler

    def spec(self) -> pb.FunctionSpec:
        """What the runtime is told about the function."""
        states = [
            pb.StateSpec(
                name=state.name,
                typename=state.value_type.typename,
                expiration=_expiration(
                    state.expire_after_write_ms, state.expire_after_invocation_ms
                ),
                lazy=state.lazy,
            )
            for state in self.states.declared
        ]
        return pb.FunctionSpec(
            type_name=self.type_name,
            states=states,
            in_flight_max=self.in_flight_max or 0,
            batch_max=self.batch_max or 0,
        )


AnyFunction = StatefulFunction[Any]


def validate_functions(functions: list[AnyFunction]) -> None:
    """Raises `DeclarationError` when functions cannot be served together."""
    if not functions:
        raise DeclarationError("no functions to serve")
    names: set[str] = set()
    for function in functions:
        if not isinstance(function, StatefulFunction):
            raise DeclarationError(f"{function!r} is no StatefulFunction")
        if function.type_name in names:
            raise DeclarationError(f"function {function.type_name} is declared twice")
        names.add(function.type_name)


def _validate_states(type_name: str, states: object) -> None:
    if not (isinstance(states, type) and issubclass(states, States)):
        raise DeclarationError(f"states of {type_name} are no subclass of States: {states!r}")


def _expiration(
    after_write_ms: int | None, after_invocation_ms: int | None
) -> pb.Expiration | None:
    if after_write_ms is not None:
        return pb.Expiration(mode=pb.Expiration.MODE_AFTER_WRITE, duration_ms=after_write_ms)
    if after_invocation_ms is not None:
        return pb.Expiration(
            mode=pb.Expiration.MODE_AFTER_INVOCATION, duration_ms=after_invocation_ms
        )
    return None


def _validate_bound(type_name: str, name: str, bound: int | None) -> None:
    if bound is not None and (not isinstance(bound, int) or bound < 1):
        raise DeclarationError(f"{name} {bound!r} of {type_name} is not an integer of 1 or more")
