"""What the inputs of one batch did."""

from __future__ import annotations

from statewire._session.handshake import Limits
from statewire._session.type_index import TypeIndex
from statewire.address import Address, parse_type_name
from statewire.errors import DeclarationError, InvalidValueError, LimitExceededError
from statewire.typed_value import TypedValue
from statewire.v1 import stream_pb2 as pb

_TYPENAME_BYTES_MAX = 1024
"""The protocol's limit. [LIMIT-12]"""

EFFECT_OVERHEAD_BYTES = 48
"""Tags and lengths of one effect's fields, generously."""

_UTF8_BYTES_MAX = 4
"""Of one character."""


class Effects:
    """Sends, delayed sends, cancellations, records and replies, in order, as the wire has them.

    They are kept within the runtime's limits: an effect beyond them raises LimitExceededError and is
    not recorded.
    """

    __slots__ = (
        "_count",
        "_encoded_bytes",
        "_limits",
        "_savepoint",
        "_state_bytes",
        "_types",
        "payload_bytes",
        "result",
    )

    def __init__(self, limits: Limits, types: TypeIndex) -> None:
        self.result = pb.Result()
        self.payload_bytes = 0
        """Bytes of the values that result credit counts, those of states apart."""
        self._limits = limits
        self._types = types
        self._count = 0
        self._encoded_bytes = 0
        self._state_bytes = 0
        self._savepoint: tuple[int, ...] | None = None

    def send(self, target: Address, message: TypedValue, traceparent: str) -> None:
        """Records a message."""
        index, name = self._admit_send(target, message)
        self.result.sends.add(
            type=index,
            type_name=name,
            id=target.id,
            typename=message.typename,
            value=message.value,
            traceparent=traceparent,
        )

    def schedule(
        self, target: Address, message: TypedValue, traceparent: str, delay_ms: int, token: str
    ) -> None:
        """Records a delayed message."""
        index, name = self._admit_send(target, message)
        self._encoded_bytes += len(token) * _UTF8_BYTES_MAX
        send = pb.Send(
            type=index,
            type_name=name,
            id=target.id,
            typename=message.typename,
            value=message.value,
            traceparent=traceparent,
        )
        schedule = pb.DelayedSend(send=send, delay_ms=delay_ms, cancellation_token=token)
        self.result.timer_changes.add(schedule=schedule)

    def cancel(self, token: str) -> None:
        """Records the cancellation of a delayed message."""
        self._admit_effect()
        self._encoded_bytes += EFFECT_OVERHEAD_BYTES + len(token) * _UTF8_BYTES_MAX
        self.result.timer_changes.add(cancel=token)

    def egress(self, name: str, record: TypedValue) -> None:
        """Records a record."""
        self._admit_effect()
        self._admit_value(record, len(name), f"a record for {name}")
        self.result.egress_records.add(egress=name, typename=record.typename, value=record.value)

    def reply(self, position: int, message: TypedValue) -> None:
        """Records the reply to an input. Raises InvalidValueError when it has one already."""
        replies = self.result.replies
        if replies and replies[-1].input == position:
            raise InvalidValueError("the message has been replied to already")
        self._admit_value(message, 0, "a reply")
        replies.add(input=position, typename=message.typename, value=message.value)

    def admit_states(self, value_bytes: int, state_bytes: int) -> None:
        """Makes room for the changed states, which the batch keeps and which share the frame."""
        limits, result_bytes = self._limits, self._encoded_bytes + state_bytes
        if value_bytes > limits.value_bytes_max or result_bytes > limits.frame_bytes_max:
            self._validate_size(value_bytes, result_bytes, "")
        self._state_bytes = state_bytes

    def save(self) -> None:
        """Everything recorded so far stays."""
        result = self.result
        self._savepoint = (
            len(result.sends),
            len(result.timer_changes),
            len(result.egress_records),
            len(result.replies),
            self._count,
            self.payload_bytes,
            self._encoded_bytes,
            self._state_bytes,
        )

    def roll_back(self) -> None:
        """Forgets everything recorded since the last `save`."""
        sends, timers, records, replies, *counters = self._savepoint or (0,) * 8
        result = self.result
        del result.sends[sends:]
        del result.timer_changes[timers:]
        del result.egress_records[records:]
        del result.replies[replies:]
        self._count, self.payload_bytes, self._encoded_bytes, self._state_bytes = counters

    def _admit_send(self, target: Address, message: TypedValue) -> tuple[int, str]:
        """Answers the type index of the target, or 0 and its name."""
        name, identifier = target
        index = self._types.index_of(name)
        if not self._types.is_function_type(index):
            index = 0
            _validate_target(target)
        self._admit_effect()
        limit = self._limits.id_bytes_max
        if len(identifier) * _UTF8_BYTES_MAX > limit and len(identifier.encode()) > limit:
            raise LimitExceededError(
                f"id of {len(identifier.encode())} bytes, of an address of {name}, exceeds "
                f"id_bytes_max {limit} of the runtime"
            )
        self._admit_value(message, len(identifier) + len(name), "a send to ", target)
        return index, "" if index else name

    def _admit_effect(self) -> None:
        count = self._count + 1
        if count > self._limits.effects_max:
            raise LimitExceededError(
                f"result of {count} effects exceeds effects_max {self._limits.effects_max} of the "
                "runtime"
            )
        self._count = count

    def _admit_value(
        self, message: TypedValue, names_length: int, carrier: str, target: Address | None = None
    ) -> None:
        typename, value = message
        if not 0 < len(typename) * _UTF8_BYTES_MAX <= _TYPENAME_BYTES_MAX:
            _validate_typename(typename)
        value_bytes = 0 if value is None else len(value)
        encoded_bytes = (
            self._encoded_bytes
            + value_bytes
            + (names_length + len(typename)) * _UTF8_BYTES_MAX
            + EFFECT_OVERHEAD_BYTES
            + 55  # a traceparent
        )
        limits = self._limits
        if (
            value_bytes > limits.value_bytes_max
            or encoded_bytes + self._state_bytes > limits.frame_bytes_max
        ):
            what = carrier if target is None else f"{carrier}{target}"
            self._validate_size(value_bytes, encoded_bytes + self._state_bytes, f" with {what}")
        self._encoded_bytes = encoded_bytes
        self.payload_bytes += value_bytes

    def _validate_size(self, value_bytes: int, result_bytes: int, carrier: str) -> None:
        limits = self._limits
        if value_bytes > limits.value_bytes_max:
            raise LimitExceededError(
                f"value of {value_bytes} bytes{carrier} exceeds value_bytes_max "
                f"{limits.value_bytes_max} of the runtime"
            )
        if result_bytes > limits.frame_bytes_max:
            raise LimitExceededError(
                f"result of {result_bytes} bytes{carrier} exceeds frame_bytes_max "
                f"{limits.frame_bytes_max} of the runtime"
            )


def _validate_target(target: Address) -> None:
    try:
        _, name = parse_type_name(target.type_name)
    except DeclarationError as cause:
        raise InvalidValueError(f"no address to send to: {cause}") from cause
    if name == "*":
        raise InvalidValueError(f"{target} is not an address: it names no type")


def _validate_typename(typename: str) -> None:
    size = len(typename.encode())
    if size == 0:
        raise InvalidValueError("a message needs a typename")
    if size > _TYPENAME_BYTES_MAX:
        raise LimitExceededError(
            f"typename of {size} bytes exceeds the protocol's limit {_TYPENAME_BYTES_MAX}"
        )
