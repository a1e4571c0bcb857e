"""Declared state."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, TypeVar, overload

from typing_extensions import Self

from statewire._durations import to_milliseconds
from statewire._session.slots import UNREAD, StateSlot
from statewire.errors import BadStateError, DeclarationError, LimitExceededError
from statewire.typed_value import Type, describe_cause

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
R = TypeVar("R")
"""What reading gives: T with a default, T | None without."""

_NAME_BYTES_MAX = 255
_MISSING: Final = object()


class StateHost(Protocol):
    """Where the states of one instance are kept while it handles a message."""

    def read_slot(self, index: int) -> StateSlot:
        """The bytes as they were last written, None, or UNREAD."""

    def write_slot(self, index: int, value: bytes | None) -> None:
        """Writes the bytes, or deletes them."""

    def load_slot(self, index: int) -> Awaitable[None]:
        """Done when the slot is no longer UNREAD."""


class Declared(Generic[T, R]):
    """What both kinds of declared states have in common."""

    lazy: ClassVar[bool]

    name: str
    """The state's name in the runtime."""

    index: int
    """The position in its class, from 0."""

    value_type: Type[T]
    expire_after_write_ms: int | None
    expire_after_invocation_ms: int | None

    def __init__(
        self,
        type: Type[T],
        *,
        default: Any = _MISSING,
        expire_after_write: timedelta | None = None,
        expire_after_invocation: timedelta | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(type, Type):
            raise DeclarationError(f"a state has a type such as types.INT, received {type!r}")
        if expire_after_write is not None and expire_after_invocation is not None:
            raise DeclarationError(
                "a state takes expire_after_write or expire_after_invocation, not both"
            )
        self.value_type = type
        self.name = name or ""
        self.index = -1
        self.expire_after_write_ms = _expiry("expire_after_write", expire_after_write)
        self.expire_after_invocation_ms = _expiry(
            "expire_after_invocation", expire_after_invocation
        )
        # Its bytes, so that nobody changes the default by changing what was read.
        self._default = None if default is _MISSING else type.encode(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name
        if len(self.name.encode()) > _NAME_BYTES_MAX:
            raise DeclarationError(
                f"state {self.name!r} of {owner.__name__} needs a name of at most "
                f"{_NAME_BYTES_MAX} bytes"
            )

    def __set__(self, instance: States, value: T) -> None:
        data = self.value_type.encode(value)
        try:
            instance._host.write_slot(self.index, data)
        except LimitExceededError as cause:
            raise LimitExceededError(f"state {self.name}: {cause}") from cause

    def __delete__(self, instance: States) -> None:
        instance._host.write_slot(self.index, None)

    def decode(self, slot: StateSlot) -> Any:
        """The value of a slot that was read. Raises `BadStateError`."""
        data = self._default if slot is None else slot
        if data is None:
            return None
        try:
            return self.value_type.decode_bytes(data)  # type: ignore[arg-type]
        except Exception as cause:
            raise BadStateError(
                f"state {self.name} is not {self.value_type.typename}: {describe_cause(cause)}"
            ) from cause


class State(Declared[T, R]):
    """A state whose value comes with the message.

        class Cart(States):
            items = State(types.json("shop/items", list[str]), default=[])

        ctx.state.items = [*ctx.state.items, "tea"]
        del ctx.state.items

    Reading gives the value that was last written; without one the default, or None. Changing the
    object that was read changes nothing until it is assigned. Reading raises `BadStateError` when the
    stored bytes are not of the type; assigning raises `InvalidValueError` when the value is not, and
    `LimitExceededError` when it is larger than the runtime takes.

    The name and the type of a state cannot change while values exist.
    """

    lazy = False

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: State[T, T | None],
            type: Type[T],
            *,
            expire_after_write: timedelta | None = None,
            expire_after_invocation: timedelta | None = None,
            name: str | None = None,
        ) -> None: ...
        @overload
        def __init__(
            self: State[T, T],
            type: Type[T],
            *,
            default: T,
            expire_after_write: timedelta | None = None,
            expire_after_invocation: timedelta | None = None,
            name: str | None = None,
        ) -> None: ...
        def __init__(self, type: Type[T], **options: Any) -> None:
            """Declares a state.

            `default` is what reading gives when there is no value. A value expires
            `expire_after_write` after it was last written, or `expire_after_invocation` after the
            last message to its address; whole milliseconds, 1 or more. `name` is the state's name in
            the runtime, at most 255 bytes, when it is not that of the attribute.

            Raises `DeclarationError`.
            """

    @overload
    def __get__(self, instance: None, owner: type[States]) -> Self: ...
    @overload
    def __get__(self, instance: States, owner: type[States]) -> R: ...
    def __get__(self, instance: States | None, owner: type[States]) -> Self | R:
        if instance is None:
            return self
        value: R = self.decode(instance._host.read_slot(self.index))
        return value


class LazyState(Declared[T, R]):
    """A state whose value is fetched from the runtime when it is first read.

        document = await ctx.state.document
        ctx.state.document = changed
        del ctx.state.document

    It suits large values that few messages need. Everything else is as with `State`. Awaiting it
    raises `StreamLostError` when the stream to the runtime ends meanwhile.
    """

    lazy = True

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: LazyState[T, T | None],
            type: Type[T],
            *,
            expire_after_write: timedelta | None = None,
            expire_after_invocation: timedelta | None = None,
            name: str | None = None,
        ) -> None: ...
        @overload
        def __init__(
            self: LazyState[T, T],
            type: Type[T],
            *,
            default: T,
            expire_after_write: timedelta | None = None,
            expire_after_invocation: timedelta | None = None,
            name: str | None = None,
        ) -> None: ...
        def __init__(self, type: Type[T], **options: Any) -> None:
            """Declares a state, as `State` does."""

    @overload
    def __get__(self, instance: None, owner: type[States]) -> Self: ...
    @overload
    def __get__(self, instance: States, owner: type[States]) -> Awaitable[R]: ...
    def __get__(self, instance: States | None, owner: type[States]) -> Self | Awaitable[R]:
        return self if instance is None else self._read(instance._host)

    async def _read(self, host: StateHost) -> R:
        slot = host.read_slot(self.index)
        if slot is UNREAD:
            await host.load_slot(self.index)
            slot = host.read_slot(self.index)
        value: R = self.decode(slot)
        return value


class _StatesMeta(type):
    """Gives the declared states of a class their indexes, and its instances no other attributes."""

    declared: tuple[Declared[Any, Any], ...]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _StatesMeta:
        namespace.setdefault("__slots__", ())
        created = super().__new__(cls, name, bases, namespace)
        inherited = [base for base in bases if isinstance(base, _StatesMeta) and base.declared]
        if len(inherited) > 1:
            raise DeclarationError(f"{name} inherits states from more than one class")
        states = list(inherited[0].declared) if inherited else []
        for value in namespace.values():
            if isinstance(value, Declared):
                if value.index != -1:
                    raise DeclarationError(f"state {value.name} is declared by two classes")
                value.index = len(states)
                states.append(value)
        created.declared = tuple(states)
        names = [state.name for state in states]
        if len(set(names)) < len(names):
            raise DeclarationError(f"{name} has two states of one name: {', '.join(names)}")
        return created


class States(metaclass=_StatesMeta):
    """The base class of the states that the instances of a function have, each its own.

        class Counter(States):
            count = State(types.LONG, default=0)
            seen = State(types.STRING, expire_after_write=timedelta(days=30))

    A handler reads and writes them as attributes of `ctx.state`.
    """

    __slots__ = ("_host",)

    @classmethod
    def by_attribute(cls) -> dict[str, Declared[Any, Any]]:
        """The declared states by the name of their attribute, in order. For tests."""
        found = {
            attribute: value
            for owner in reversed(cls.__mro__)
            for attribute, value in vars(owner).items()
            if isinstance(value, Declared)
        }
        return dict(sorted(found.items(), key=lambda item: item[1].index))

    _host: StateHost

    def __init__(self, host: StateHost) -> None:
        """Called by the SDK; handlers find theirs in `ctx.state`."""
        self._host = host


def encode_states(
    states: type[States], values: Mapping[str, Any]
) -> list[tuple[Declared[Any, Any], bytes | None]]:
    """The bytes of states by the name of their attribute; None is no value."""
    encoded: list[tuple[Declared[Any, Any], bytes | None]] = []
    for name, value in values.items():
        declared = getattr(states, name, None)
        if not isinstance(declared, Declared):
            raise DeclarationError(f"state {name} is not declared in {states.__name__}")
        encoded.append((declared, None if value is None else declared.value_type.encode(value)))
    return encoded


def _expiry(option: str, duration: timedelta | None) -> int | None:
    if duration is None:
        return None
    milliseconds = to_milliseconds(duration)
    if milliseconds < 1:
        raise DeclarationError(f"{option} {duration} is not 1 ms or more")
    return milliseconds
