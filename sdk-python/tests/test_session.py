"""The session by itself: frames and time in, frames and batches out."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from statewire import Context, FunctionFailure, LazyState, State, StatefulFunction, States, types
from statewire._run import run_batch
from statewire._session.batch import Batch
from statewire._session.handshake import Offer
from statewire._session.session import End, GiveUp, Opened, Phase, Send, Session, StateLoaded
from statewire.v1 import stream_pb2 as pb
from tests.support.counter import counter
from tests.support.frames import hello, invocation, invocations, long_input, parse


class Two(States):
    count = State(types.LONG, default=0)
    note = LazyState(types.STRING)


two: StatefulFunction[Two] = StatefulFunction("shop/two", Two, in_flight_max=2)


@two.on(types.LONG)
def count_down(ctx: Context[Two], amount: int) -> None:
    ctx.state.count += amount
    ctx.send(ctx.self, types.LONG(amount))
    if amount < 0:
        raise FunctionFailure("negative")


class Server:
    """A session, and what it has given out."""

    def __init__(self, *functions: StatefulFunction[Any], **options: int) -> None:
        self.functions = functions or (counter, two)
        self.session = Session(
            Offer(
                sdk_version="0",
                server_name="test",
                functions=[function.spec() for function in self.functions],
                invocations_max=options.get("invocations_max", 10),
                payload_bytes_max=1000,
                frame_bytes_max=4 * 1024 * 1024,
                leased_addresses_max=options.get("leased_addresses_max", 100),
                leased_bytes_max=options.get("leased_bytes_max", 100_000),
            )
        )
        self.frames: list[pb.ServerFrame] = []
        self.others: list[Any] = []
        self.now_ms = 0.0

    def receive(self, frame: bytes) -> None:
        """Runs what can be run at once."""
        for output in self.session.receive(frame, self.now_ms):
            match output:
                case Send(data):
                    self.frames.append(parse(data))
                case Batch():
                    run_batch(self.functions[output.plan.index], output, self)
                case other:
                    self.others.append(other)

    def greet(self, **options: Any) -> pb.Welcome:
        self.receive(hello(**options))
        assert isinstance(self.others.pop(), Opened)
        return self.frames.pop().welcome

    def results(self) -> list[pb.Result]:
        frame = self.session.take_results(self.now_ms)
        return [] if frame is None else list(parse(frame).results.results)

    def finished(self, batch):
        self.session.finish(batch)

    def failed(self, batch, error):
        pass

    def spawn(self, batch, rest):
        rest.close()

    def load_state(self, batch, index):
        raise NotImplementedError


def error_of(server: Server) -> pb.ProtocolError:
    end = server.others[-1]
    assert isinstance(end, End)
    assert server.session.phase is Phase.ENDED
    return end.error


def test_inputs_run_in_order_and_leave_one_result():
    server = Server()
    welcome = server.greet()
    assert [spec.type_name for spec in welcome.functions] == ["shop/counter", "shop/two"]
    assert list(welcome.features) == ["leases", "lazy-state"]
    inputs = [long_input(2, wants_reply=True), long_input(3, wants_reply=True)]
    server.receive(invocations(invocation(1, "a", inputs)))
    [result] = server.results()
    assert result.state_changes == [pb.StateValue(state=0, value=types.LONG.encode(5))]
    assert [(reply.input, types.LONG.decode(reply.value)) for reply in result.replies] == [
        (0, 2),
        (1, 5),
    ]
    assert not result.HasField("failure")


def test_what_the_inputs_before_a_failure_did_stays():
    server = Server()
    server.greet()
    inputs = [long_input(2), long_input(3), long_input(-1), long_input(4)]
    server.receive(invocations(invocation(1, "a", inputs, type=2)))
    [result] = server.results()
    assert result.state_changes == [pb.StateValue(state=0, value=types.LONG.encode(5))]
    assert [types.LONG.decode(send.value) for send in result.sends] == [2, 3]
    assert result.failure.completed_inputs == 2
    assert result.failure.message == "negative"


def test_states_are_kept_under_a_lease_and_asked_for_when_they_are_not():
    server = Server()
    server.greet()
    server.receive(invocations(invocation(1, "a", [long_input(2)])))
    server.receive(invocations(invocation(2, "a", [long_input(3)], lease=1)))
    assert [len(result.state_changes) for result in server.results()] == [1, 1]
    server.receive(invocations(invocation(3, "a", [long_input(1)], lease=1)))
    assert server.frames.pop().state_request == pb.StateRequest(invocation_id=3, lease_missing=True)
    assert server.results() == []
    reply = pb.StateReply(
        invocation_id=3, states=[pb.StateValue(state=0, value=types.LONG.encode(7))]
    )
    server.receive(pb.RuntimeFrame(state_reply=reply).SerializeToString())
    assert types.LONG.decode(server.results()[0].state_changes[0].value) == 8


def test_a_lease_of_a_function_without_state_names_nothing_to_ask_for():
    stateless: StatefulFunction[States] = StatefulFunction("shop/stateless")
    stateless.on(types.LONG)(lambda ctx, amount: ctx.send(ctx.self, types.LONG(amount)))
    server = Server(stateless)
    server.greet()
    server.receive(invocations(invocation(1, "a", [long_input(1)])))
    server.receive(invocations(invocation(2, "a", [long_input(1)], lease=1)))
    assert server.frames == []
    assert [result.invocation_id for result in server.results()] == [1, 2]


@pytest.mark.parametrize("limit", [{"leased_addresses_max": 2}, {"leased_bytes_max": 900}])
def test_the_least_recently_used_leases_are_forgotten(limit):
    server = Server(**limit)
    server.greet()
    for number, name in enumerate("abac", start=1):
        lease = 1 if number == 3 else 0
        server.receive(invocations(invocation(number, name, [long_input(1)], lease=lease)))
    server.receive(invocations(invocation(5, "a", [long_input(1)], lease=3)))
    assert server.frames == []
    server.receive(invocations(invocation(6, "b", [long_input(1)], lease=2)))
    assert server.frames.pop().state_request.lease_missing


def test_without_features_nothing_of_them_is_announced():
    server = Server(two)
    welcome = server.greet(features=())
    assert (list(welcome.features), welcome.leased_addresses_max) == ([], 0)
    assert [state.lazy for state in welcome.functions[0].states] == [False, False]
    assert list(Server(leased_addresses_max=0).greet().features) == ["lazy-state"]


def test_results_wait_for_credit():
    server = Server()
    server.greet(result_credit_bytes=1)
    for number in (1, 2):
        server.receive(invocations(invocation(number, str(number), [long_input(2)])))
    assert [result.invocation_id for result in server.results()] == [1]
    assert server.results() == []
    assert not server.session.is_done
    server.receive(pb.RuntimeFrame(credit=pb.ResultCredit(bytes=9)).SerializeToString())
    assert [result.invocation_id for result in server.results()] == [2]
    assert server.session.is_done


def test_a_frame_of_results_has_64_kib_at_most():
    large: StatefulFunction[States] = StatefulFunction("shop/large")
    large.on(types.LONG)(lambda ctx, size: ctx.send(ctx.self, types.STRING("x" * size)))
    server = Server(large)
    server.greet()
    items = [invocation(number, str(number), [long_input(30_000)]) for number in (1, 2, 3)]
    server.receive(invocations(*items))
    assert [len(server.results()), len(server.results()), len(server.results())] == [2, 1, 0]


def held(server: Server, number: int, name: str, **fields: Any) -> None:
    """An invocation that goes on until it is finished by the test."""
    server.receive(invocations(invocation(number, name, [long_input(1)], **fields)))


@pytest.fixture
def slow() -> StatefulFunction[States]:
    made: StatefulFunction[States] = StatefulFunction("shop/slow", in_flight_max=3)

    @made.on(types.LONG)
    async def wait(ctx: Context[States], amount: int) -> None:
        await asyncio.Event().wait()

    return made


def test_a_batch_without_a_result_in_time_fails_with_timeout(slow):
    server = Server(slow)
    server.greet()
    held(server, 1, "a", timeout_ms=100)
    held(server, 2, "b", timeout_ms=300)
    server.now_ms = 150
    [(batch, error)] = server.session.expire(150)
    assert str(error) == "shop/slow/a: no result within the 100 ms that it may take"
    [result] = server.results()
    assert result.failure.code == pb.Failure.CODE_TIMEOUT
    assert result.failure.retryable
    # It does not count twice.
    server.session.finish(batch)
    assert server.results() == []


def test_an_address_that_comes_again_has_been_given_up(slow):
    server = Server(slow)
    server.greet()
    held(server, 1, "a", timeout_ms=100)
    held(server, 2, "a", timeout_ms=100)
    assert isinstance(server.others[-1], GiveUp)
    held(server, 3, "b")
    held(server, 4, "b")
    assert error_of(server).clause == "INVOKE-2"


def test_the_window_holds_but_for_what_may_have_been_given_up(slow):
    server = Server(slow)
    server.greet()
    for number, timeout_ms in [(1, 100), (2, 0), (3, 0)]:
        held(server, number, str(number), timeout_ms=timeout_ms)
    server.now_ms = 60
    held(server, 4, "4")
    assert server.session.phase is Phase.OPEN
    held(server, 5, "5")
    assert error_of(server).clause == "CREDIT-3"


def test_a_lazy_state_is_loaded_and_a_value_written_meanwhile_stays():
    server = Server(two)
    server.greet()
    inputs = [long_input(1)]
    outputs = server.session.receive(invocations(invocation(1, "a", inputs)), 0)
    batch = outputs[0]
    assert isinstance(batch, Batch)
    [request] = server.session.request_state(batch, 1)
    assert isinstance(request, Send)
    assert parse(request.frame).state_request == pb.StateRequest(invocation_id=1, states=[1])
    batch.write_state(1, b"mine")
    reply = pb.StateReply(invocation_id=1, states=[pb.StateValue(state=1, value=b"old")])
    [loaded] = server.session.receive(pb.RuntimeFrame(state_reply=reply).SerializeToString(), 0)
    assert isinstance(loaded, StateLoaded)
    assert batch.slots[1] == b"mine"
    batch.fail_input(ValueError())
    assert batch.slots == [None, b"old"]
    server.session.finish(batch)
    assert server.session.request_state(batch, 1) == []


def test_a_violation_ends_the_session_with_its_clause_and_without_values():
    server = Server()
    server.greet()
    server.receive(invocations(invocation(1, "secret", [long_input(1)]), invocation(1, "b", [])))
    assert error_of(server) == pb.ProtocolError(
        clause="INVOKE-3", message="invocation id 1 after 1"
    )
    assert server.frames[-1].error == error_of(server)
    server.receive(hello())
    assert len(server.frames) == 1


def test_an_error_of_the_runtime_ends_the_session():
    server = Server()
    server.greet()
    error = pb.ProtocolError(clause="TABLE-4", message="count was int")
    server.receive(pb.RuntimeFrame(error=error).SerializeToString())
    assert error_of(server) == error
    assert server.frames == []


def test_drain_is_said_once_and_forbids_invocations_when_the_runtime_says_it():
    server = Server()
    assert server.session.drain("early") == []
    server.greet()
    [drain] = server.session.drain("upgrade")
    assert isinstance(drain, Send)
    assert parse(drain.frame).drain.reason == "upgrade"
    assert server.session.drain("upgrade") == []
    held(server, 1, "a")
    assert len(server.results()) == 1
    server.receive(pb.RuntimeFrame(drain=pb.Drain(reason="bye")).SerializeToString())
    held(server, 2, "a")
    assert error_of(server).clause == "DRAIN-1"


def test_no_frame_makes_the_session_raise():
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    frames = [
        hello(),
        invocations(invocation(1, "a", [long_input(1, wants_reply=True)]), result_credit_bytes=5),
        invocations(invocation(2, "a", [long_input(1)] * 3, type=2, timeout_ms=100, lease=1)),
        pb.RuntimeFrame(
            state_reply=pb.StateReply(invocation_id=2, states=[pb.StateValue(state=0, value=b"x")])
        ).SerializeToString(),
        pb.RuntimeFrame(drain=pb.Drain(reason="x")).SerializeToString(),
    ]
    for _ in range(500):
        server = Server()
        server.greet()
        for frame in frames[1:]:
            damaged = bytearray(frame)
            for _ in range(chance.randrange(4)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            cut = (
                damaged[: chance.randrange(len(damaged) + 1)] if chance.random() < 0.2 else damaged
            )
            try:
                server.receive(bytes(cut))
                server.results()
            except Exception as error:
                pytest.fail(f"seed {seed}: {error!r} for {bytes(cut)!r}")
