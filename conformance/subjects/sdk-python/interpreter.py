"""The function that the kit drives, as INTERPRETER.md describes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from statewire import (
    Address,
    Context,
    Egress,
    FunctionFailure,
    FunctionServer,
    LazyState,
    State,
    StatefulFunction,
    States,
    Tls,
    Type,
    TypedValue,
    types,
)

BYTES = types.raw("conformance/bytes")
TEXT = Type("conformance/text", encode=str.encode, decode=bytes.decode)
COMMANDS = types.json("conformance/commands", list[dict[str, Any]])
OBSERVATION = types.json("conformance/observation")
OUT = Egress("conformance/out", OBSERVATION)


class OneState(States):
    """What `limited` and `any` have."""

    value = State(BYTES)


class InterpreterStates(OneState):
    """What the interpreter has."""

    other = State(BYTES)
    expiring = State(BYTES, expire_after_write=timedelta(milliseconds=60_000))
    lazy = LazyState(BYTES)


interpreter = StatefulFunction("conformance/interpreter", InterpreterStates)
limited = StatefulFunction("conformance/limited", OneState, in_flight_max=2, batch_max=3)
any_type = StatefulFunction("conformance.any/*", OneState)


async def interpret(ctx: Context[Any], commands: list[dict[str, Any]]) -> None:
    """Does what the commands say, in order."""
    for command in commands:
        await run(ctx, command)


interpreter.on(COMMANDS)(interpret)
limited.on(COMMANDS)(interpret)
any_type.on(COMMANDS)(interpret)


async def run(ctx: Context[Any], command: Mapping[str, Any]) -> None:
    """Does what one command says."""
    match command:
        case {"op": "set", "state": name}:
            setattr(ctx.state, name, bytes_of(command))
        case {"op": "clear", "state": name}:
            delattr(ctx.state, name)
        case {"op": "get", "state": name}:
            value = getattr(ctx.state, name)
            found = await value if name == "lazy" else value
            observe(ctx, {"get": name, "text": None if found is None else found.decode()})
        case {"op": "self"}:
            observe(ctx, {"self": str(ctx.self)})
        case {"op": "caller"}:
            observe(ctx, {"caller": None if ctx.caller is None else str(ctx.caller)})
        case {"op": "wantsReply"}:
            observe(ctx, {"wantsReply": ctx.wants_reply})
        case {"op": "fail", "message": message}:
            raise FunctionFailure(
                message,
                retryable=command.get("retryable", True),
                retry_after=timedelta(milliseconds=command.get("retryAfterMs", 0)),
            )
        case {"op": "throw", "message": message}:
            raise RuntimeError(message)
        case {"op": "sleep", "ms": milliseconds}:
            await asyncio.sleep(milliseconds / 1000)
        case _:
            send(ctx, command)


def send(ctx: Context[Any], command: Mapping[str, Any]) -> None:
    """Does what a command with an effect says."""
    match command:
        case {"op": "send"}:
            for _ in range(command.get("times", 1)):
                ctx.send(target_of(ctx, command), message_of(command))
        case {"op": "sendAfter", "delayMs": delay_ms}:
            delay = timedelta(milliseconds=delay_ms)
            token = command.get("token")
            ctx.send_after(delay, target_of(ctx, command), message_of(command), token=token)
        case {"op": "cancel", "token": token}:
            ctx.cancel(token)
        case {"op": "egress"}:
            ctx.egress(Egress(command.get("egress", "conformance/out")), message_of(command))
        case {"op": "reply"}:
            ctx.reply(message_of(command))
        case _:
            raise FunctionFailure(f"no such command: {command}", retryable=False)


def observe(ctx: Context[Any], what: Mapping[str, object]) -> None:
    """Tells the kit what was seen."""
    ctx.egress(OUT, what)


def target_of(ctx: Context[Any], command: Mapping[str, Any]) -> Address:
    """Where a command sends to."""
    if command.get("to") == "self":
        return ctx.self
    if command.get("to") == "caller" and ctx.caller is not None:
        return ctx.caller
    return Address(command.get("type", "conformance/interpreter"), command.get("id", ""))


def message_of(command: Mapping[str, Any]) -> TypedValue:
    """Commands, text, zeros, or, with a typename alone, no value."""
    if "commands" in command:
        return COMMANDS(command["commands"])
    has_value = "text" in command or "zeros" in command
    typename = command.get("typename", TEXT.typename)
    return TypedValue(typename, bytes_of(command) if has_value else None)


def bytes_of(command: Mapping[str, Any]) -> bytes:
    """The bytes that a command names."""
    if "zeros" in command:
        return bytes(command["zeros"])
    return str(command.get("text", "")).encode()


def told(name: str) -> bytes | None:
    """What a file holds that the kit names, if it does."""
    path = os.environ.get(name)
    return None if path is None else Path(path).read_bytes()


def main() -> None:
    """Serves as the kit says by environment."""
    runtime = os.environ.get("CONFORMANCE_DIAL")
    certificate = told("CONFORMANCE_TLS_CERT")
    tls = Tls(certificate, told("CONFORMANCE_TLS_KEY"), told("CONFORMANCE_TLS_CA"))
    FunctionServer(
        [interpreter, limited, any_type],
        address=os.environ.get("CONFORMANCE_ADDRESS", "127.0.0.1:0"),
        attach_to=() if runtime is None else runtime,
        tls=None if certificate is None else tls,
        authorization=os.environ.get("CONFORMANCE_AUTHORIZATION"),
    ).run()


if __name__ == "__main__":
    main()
