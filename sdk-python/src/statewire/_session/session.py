"""The server's side of one stream."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from google.protobuf.message import DecodeError

from statewire._session.batch import Batch
from statewire._session.failures import truncate
from statewire._session.flights import Flights
from statewire._session.function_plan import FunctionPlan, too_large
from statewire._session.handshake import INTEGER_MAX, Limits, Offer, negotiate, validate_integer
from statewire._session.leases import Leases
from statewire._session.protocol_violation import ProtocolViolation
from statewire._session.result_queue import ResultQueue
from statewire._session.slots import StateSlot
from statewire._session.type_index import TypeIndex
from statewire.errors import InvocationTimeoutError
from statewire.v1 import stream_pb2 as pb


class Phase(enum.Enum):
    """Where a session stands."""

    HANDSHAKING = 0
    OPEN = 1
    ENDED = 2


@dataclass(frozen=True, slots=True)
class Send:
    """Send the frame."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """The handshake is done; Welcome is the frame before."""


@dataclass(frozen=True, slots=True)
class StateLoaded:
    """The oldest state that the batch asked for has been loaded into it."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The runtime has given the batch up: nothing that it still does counts."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class End:
    """End the stream, after what was sent before."""

    error: pb.ProtocolError
    broken_by: Literal["runtime", "server"]


Output: TypeAlias = Batch | Send | Opened | StateLoaded | GiveUp | End
"""What a session wants done, in this order. A batch: run it; `Session.finish` takes it back."""


@dataclass(slots=True)
class _OpenSession:
    """What exists once the handshake is done."""

    limits: Limits
    has_leases: bool
    types: TypeIndex
    plans: Sequence[FunctionPlan]
    leases: Leases
    results: ResultQueue


class Session:
    """Runtime frames in; server frames and batches out.

        handshaking --Hello--> open --ProtocolError sent or received--> ended

    Draining, by either side, is a property of open: it forbids new invocations and nothing else.

    Invariants: every batch that was given out is either taken back by `finish` once or given
    up; a violation gives out none of its frame's batches; after End nothing is given out.
    """

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._flights = Flights(offer)
        self.phase = Phase.HANDSHAKING
        self._open: _OpenSession | None = None
        self._runtime_drains = False
        self._server_drains = False
        self._last_invocation_id = 0

    @property
    def in_flight(self) -> int:
        """Invocations whose results are not queued yet."""
        return len(self._flights)

    @property
    def is_done(self) -> bool:
        """Whether nothing is in flight, and no result waits to be sent."""
        return not self._flights and (self._open is None or not self._open.results)

    def receive(self, data: bytes, now_ms: float) -> list[Output]:
        """Takes a frame in. `now_ms` is any monotonic clock."""
        if self.phase is Phase.ENDED:
            return []
        try:
            frame_bytes_max = (
                self._offer.frame_bytes_max
                if self._open is None
                else self._open.limits.frame_bytes_max
            )
            if len(data) > frame_bytes_max:
                raise ProtocolViolation(
                    "LIMIT-1",
                    f"frame of {len(data)} bytes exceeds frame_bytes_max {frame_bytes_max}",
                )
            return self._dispatch(_decode(data), now_ms)
        except ProtocolViolation as violation:
            self.phase = Phase.ENDED
            error = pb.ProtocolError(clause=violation.clause, message=truncate(violation.message))
            return [Send(pb.ServerFrame(error=error).SerializeToString()), End(error, "runtime")]

    def request_state(self, batch: Batch, index: int) -> list[Output]:
        """Asks for a state that the batch has not read yet; nothing when nobody would answer."""
        if self.phase is Phase.ENDED or self._flights.at(batch.key) is not batch:
            return []
        self._flights.ask(batch, (index,))
        return [_state_request(batch.invocation_id, (index,))]

    def finish(self, batch: Batch) -> None:
        """Takes a finished batch back and queues its result. One that was given up is dropped."""
        opened = self._open
        if opened is None or not self._flights.remove(batch):
            return
        failure = batch.failure
        if (
            opened.has_leases
            and batch.leaves_lease
            and failure is None
            and batch.plan.has_eager_states
        ):
            opened.leases.keep(batch.key, batch.invocation_id, batch.slots)
        result, payload_bytes = batch.result()
        opened.results.push(
            (
                result.SerializeToString(),
                payload_bytes,
                batch.deadline_ms,
                failure is not None and failure.code == pb.Failure.CODE_TIMEOUT,
            )
        )

    def take_results(self, now_ms: float) -> bytes | None:
        """The next frame of results; None when none wait, or no credit is left for them."""
        if self._open is None or self.phase is Phase.ENDED:
            return None
        return self._open.results.take_frame(now_ms)

    def expire(self, now_ms: float) -> list[tuple[Batch, InvocationTimeoutError]]:
        """Fails the batches whose time has passed, and queues their results."""
        expired = [batch for batch in self._flights.all() if now_ms >= batch.deadline_ms]
        failed = []
        for batch in expired:
            error = InvocationTimeoutError(
                f"{batch.target}: no result within the {batch.timeout_ms} ms that it may take"
            )
            batch.fail_input(error)
            self.finish(batch)
            failed.append((batch, error))
        return failed

    def drain(self, reason: str) -> list[Output]:
        """Announces that this side wants to go. Nothing unless open."""
        if self.phase is not Phase.OPEN or self._server_drains:
            return []
        self._server_drains = True
        return [Send(pb.ServerFrame(drain=pb.Drain(reason=reason)).SerializeToString())]

    def abandon(self) -> list[Batch]:
        """The stream is gone: the batches that still run, all of them given up."""
        self.phase = Phase.ENDED
        batches = self._flights.all()
        for batch in batches:
            self._flights.remove(batch)
            batch.give_up()
        return batches

    def _dispatch(self, frame: pb.RuntimeFrame, now_ms: float) -> list[Output]:
        kind = frame.WhichOneof("frame")
        if kind is None:
            raise ProtocolViolation("FRAME-1", "frame of an unknown kind or without any")
        if kind == "error":
            self.phase = Phase.ENDED
            return [End(frame.error, "server")]
        if kind == "hello":
            return self._greet(frame.hello)
        opened = self._open
        if opened is None:
            raise ProtocolViolation("HELLO-1", f"first frame is {kind}, expected hello")
        if kind == "invocations":
            return self._admit_all(opened, frame.invocations, now_ms)
        if kind == "state_reply":
            return self._load_states(frame.state_reply)
        if kind == "credit":
            validate_integer("credit bytes", frame.credit.bytes)
            opened.results.add_credit(frame.credit.bytes)
        else:
            self._runtime_drains = True
        return []

    def _greet(self, hello: pb.Hello) -> list[Output]:
        if self._open is not None:
            raise ProtocolViolation("HELLO-10", "second Hello on the stream")
        agreement = negotiate(hello, self._offer)
        welcome = agreement.welcome
        self._open = _OpenSession(
            limits=agreement.limits,
            has_leases=agreement.leases,
            types=TypeIndex([spec.type_name for spec in welcome.functions]),
            plans=[FunctionPlan(i, spec) for i, spec in enumerate(welcome.functions)],
            leases=Leases(self._offer.leased_addresses_max, self._offer.leased_bytes_max),
            results=ResultQueue(agreement.limits),
        )
        self.phase = Phase.OPEN
        return [Send(pb.ServerFrame(welcome=welcome).SerializeToString()), Opened()]

    def _admit_all(
        self, opened: _OpenSession, batch: pb.InvocationBatch, now_ms: float
    ) -> list[Output]:
        invocations = batch.invocations
        if self._runtime_drains and invocations:
            raise ProtocolViolation("DRAIN-1", "invocations after Drain")
        credit = batch.result_credit_bytes
        validate_integer("result_credit_bytes", credit)
        opened.results.add_credit(credit)
        for definition in batch.types:
            opened.types.define(definition)
        outputs: list[Output] = []
        for invocation in invocations:
            self._admit(opened, invocation, now_ms, outputs)
        return outputs

    def _admit(
        self,
        opened: _OpenSession,
        invocation: pb.Invocation,
        now_ms: float,
        outputs: list[Output],
    ) -> None:
        type_index, identifier = invocation.type, invocation.id
        invocation_id = invocation.invocation_id
        lease, timeout_ms = invocation.lease, invocation.timeout_ms
        function = opened.types.function_of(type_index)
        if invocation_id <= self._last_invocation_id:
            raise ProtocolViolation(
                "INVOKE-3", f"invocation id {invocation_id} after {self._last_invocation_id}"
            )
        if function < 0:
            raise ProtocolViolation(
                "INVOKE-9",
                f"invocation {invocation_id} has type index {type_index}, which no table entry serves",
            )
        _validate_numbers(opened, invocation_id, identifier, lease, timeout_ms)
        self._last_invocation_id = invocation_id
        plan = opened.plans[function]
        inputs, values, payload_bytes = _read_inputs(opened, plan, invocation)
        key = (type_index, identifier)
        older = self._flights.at(key)
        if older is not None:
            self._replace(older, outputs)
        self._flights.validate_room(plan, now_ms)

        held = opened.leases.take(key, lease)
        slots: list[StateSlot]
        if lease == 0:
            slots, state_bytes = plan.listed_slots(invocation.states, opened.limits.value_bytes_max)
            payload_bytes += state_bytes
        elif invocation.states:
            raise ProtocolViolation(
                "STATE-9", f"invocation {invocation_id} names a lease and lists states"
            )
        else:
            slots = plan.unread_slots() if held is None else plan.leased_slots(held)
        batch = Batch(
            invocation,
            invocation_id,
            key,
            inputs,
            values,
            plan,
            slots,
            opened.limits,
            opened.types,
        )
        batch.payload_bytes = payload_bytes
        batch.received_ms = now_ms
        if timeout_ms:
            batch.timeout_ms = timeout_ms
            batch.deadline_ms = now_ms + timeout_ms
        self._flights.add(batch)
        if lease != 0 and held is None and plan.has_eager_states:
            self._flights.ask(batch, "eager")
            outputs.append(_state_request(invocation_id, ()))
        else:
            outputs.append(batch)

    def _replace(self, older: Batch, outputs: list[Output]) -> None:
        """An address that is still running has been given up, if its invocation had a time limit."""
        if older.timeout_ms == 0:
            raise ProtocolViolation(
                "INVOKE-2",
                f"invocation of an address whose invocation {older.invocation_id} is in flight",
            )
        self._flights.remove(older)
        older.give_up()
        outputs.append(GiveUp(older))

    def _load_states(self, reply: pb.StateReply) -> list[Output]:
        invocation_id = reply.invocation_id
        batch = self._flights.asking(invocation_id)
        if batch is None or not batch.questions:
            ended = 0 < invocation_id <= self._last_invocation_id
            if ended and not self._flights.has(invocation_id):
                # It ended before its answer came: by a timeout, or without waiting for it.
                return []
            raise ProtocolViolation("LAZY-3", f"state reply to invocation {invocation_id} unasked")
        question = batch.questions.pop(0)
        batch.plan.validate_reply(question, reply.states)
        if self._open is not None:
            for state in reply.states:
                if len(state.value) > self._open.limits.value_bytes_max:
                    raise too_large(state.value, self._open.limits.value_bytes_max)
        batch.load_states(reply.states)
        return [batch] if question == "eager" else [StateLoaded(batch)]


def _decode(data: bytes) -> pb.RuntimeFrame:
    try:
        return pb.RuntimeFrame.FromString(data)
    except DecodeError as cause:
        raise ProtocolViolation("FRAME-2", f"frame of {len(data)} bytes: {cause}") from cause


def _validate_numbers(
    opened: _OpenSession, invocation_id: int, identifier: str, lease: int, timeout_ms: int
) -> None:
    """Raises ProtocolViolation LIMIT-3, LIMIT-7 or LEASE-4."""
    limit = opened.limits.id_bytes_max
    if len(identifier) * 4 > limit and len(identifier.encode()) > limit:
        raise ProtocolViolation(
            "LIMIT-3", f"id of {len(identifier.encode())} bytes exceeds id_bytes_max {limit}"
        )
    if lease and not opened.has_leases:
        raise ProtocolViolation("LEASE-4", f"invocation {invocation_id} names a lease")
    if invocation_id > INTEGER_MAX or lease > INTEGER_MAX or timeout_ms > INTEGER_MAX:
        for number in (invocation_id, lease, timeout_ms):
            validate_integer("number of an invocation", number)


def _read_inputs(
    opened: _OpenSession, plan: FunctionPlan, invocation: pb.Invocation
) -> tuple[Sequence[pb.Input], list[bytes | None], int]:
    """The inputs, their values, and the payload bytes of those."""
    container = invocation.inputs
    count = len(container)
    if count == 0 or count > plan.batch_max > 0:
        raise ProtocolViolation(
            "INVOKE-4",
            f"invocation {invocation.invocation_id} has {count} inputs, batch_max is "
            f"{plan.batch_max}",
        )
    # A container makes its messages anew whenever it is asked; to iterate it costs more than to index.
    inputs = (container[0],) if count == 1 else tuple(container)
    value_bytes_max = opened.limits.value_bytes_max
    values: list[bytes | None] = []
    payload_bytes = 0
    for received in inputs:
        value = received.value
        if value:
            if len(value) > value_bytes_max:
                raise too_large(value, value_bytes_max)
            payload_bytes += len(value)
            values.append(value)
        else:
            values.append(value if received.HasField("value") else None)
        caller_type = received.caller_type
        known = (
            opened.types.is_function_type(caller_type) if caller_type else not received.caller_id
        )
        if not known:
            raise ProtocolViolation(
                "INVOKE-5",
                f"invocation {invocation.invocation_id} has an input with caller type {caller_type}",
            )
    return inputs, values, payload_bytes


def _state_request(invocation_id: int, states: Sequence[int]) -> Send:
    """Asks for states; for none: for all eager ones, of a lease that is missing."""
    request = pb.StateRequest(invocation_id=invocation_id, states=states, lease_missing=not states)
    return Send(pb.ServerFrame(state_request=request).SerializeToString())
