"""Stateful functions in Python, for the Statewire runtime.

A function is a handler with declared state. The runtime keeps the state and carries the messages, and
applies what a handler did exactly once. Begin with `StatefulFunction`, `States` and `FunctionServer`.
"""

from statewire import types
from statewire._version import __version__
from statewire.address import Address
from statewire.context import Context
from statewire.dead_letter import DEAD_LETTER, DeadLetter
from statewire.egress import Egress
from statewire.errors import (
    BadInputError,
    BadStateError,
    BindError,
    ContextClosedError,
    DeclarationError,
    FunctionFailure,
    InvalidValueError,
    InvocationTimeoutError,
    LimitExceededError,
    StatewireError,
    StreamLostError,
)
from statewire.function import StatefulFunction
from statewire.message import Message, Sendable
from statewire.server import FunctionServer
from statewire.state import LazyState, State, States
from statewire.tls import Tls
from statewire.typed_value import Type, TypedValue

__all__ = [
    "DEAD_LETTER",
    "Address",
    "BadInputError",
    "BadStateError",
    "BindError",
    "Context",
    "ContextClosedError",
    "DeadLetter",
    "DeclarationError",
    "Egress",
    "FunctionFailure",
    "FunctionServer",
    "InvalidValueError",
    "InvocationTimeoutError",
    "LazyState",
    "LimitExceededError",
    "Message",
    "Sendable",
    "State",
    "StatefulFunction",
    "States",
    "StatewireError",
    "StreamLostError",
    "Tls",
    "Type",
    "TypedValue",
    "__version__",
    "types",
]
