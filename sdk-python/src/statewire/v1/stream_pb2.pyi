from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DiscoverRequest(_message.Message):
    __slots__ = ("versions",)
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, versions: _Optional[_Iterable[int]] = ...) -> None: ...

class RuntimeFrame(_message.Message):
    __slots__ = ("hello", "invocations", "state_reply", "credit", "drain", "error")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    INVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_REPLY_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    invocations: InvocationBatch
    state_reply: StateReply
    credit: ResultCredit
    drain: Drain
    error: ProtocolError
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., invocations: _Optional[_Union[InvocationBatch, _Mapping]] = ..., state_reply: _Optional[_Union[StateReply, _Mapping]] = ..., credit: _Optional[_Union[ResultCredit, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., error: _Optional[_Union[ProtocolError, _Mapping]] = ...) -> None: ...

class ServerFrame(_message.Message):
    __slots__ = ("welcome", "results", "state_request", "window", "drain", "error")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    STATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    results: ResultBatch
    state_request: StateRequest
    window: InvocationWindow
    drain: Drain
    error: ProtocolError
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., results: _Optional[_Union[ResultBatch, _Mapping]] = ..., state_request: _Optional[_Union[StateRequest, _Mapping]] = ..., window: _Optional[_Union[InvocationWindow, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., error: _Optional[_Union[ProtocolError, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("versions", "runtime_name", "runtime_version", "node_id", "limits", "features")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_NAME_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_VERSION_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedScalarFieldContainer[int]
    runtime_name: str
    runtime_version: str
    node_id: str
    limits: Limits
    features: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, versions: _Optional[_Iterable[int]] = ..., runtime_name: _Optional[str] = ..., runtime_version: _Optional[str] = ..., node_id: _Optional[str] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., features: _Optional[_Iterable[str]] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("frame_bytes_max", "value_bytes_max", "id_bytes_max", "effects_max", "result_credit_bytes")
    FRAME_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    VALUE_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    ID_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    EFFECTS_MAX_FIELD_NUMBER: _ClassVar[int]
    RESULT_CREDIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    frame_bytes_max: int
    value_bytes_max: int
    id_bytes_max: int
    effects_max: int
    result_credit_bytes: int
    def __init__(self, frame_bytes_max: _Optional[int] = ..., value_bytes_max: _Optional[int] = ..., id_bytes_max: _Optional[int] = ..., effects_max: _Optional[int] = ..., result_credit_bytes: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("version", "sdk_name", "sdk_version", "functions", "features", "window", "leased_addresses_max", "server_name")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SDK_NAME_FIELD_NUMBER: _ClassVar[int]
    SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    LEASED_ADDRESSES_MAX_FIELD_NUMBER: _ClassVar[int]
    SERVER_NAME_FIELD_NUMBER: _ClassVar[int]
    version: int
    sdk_name: str
    sdk_version: str
    functions: _containers.RepeatedCompositeFieldContainer[FunctionSpec]
    features: _containers.RepeatedScalarFieldContainer[str]
    window: InvocationWindow
    leased_addresses_max: int
    server_name: str
    def __init__(self, version: _Optional[int] = ..., sdk_name: _Optional[str] = ..., sdk_version: _Optional[str] = ..., functions: _Optional[_Iterable[_Union[FunctionSpec, _Mapping]]] = ..., features: _Optional[_Iterable[str]] = ..., window: _Optional[_Union[InvocationWindow, _Mapping]] = ..., leased_addresses_max: _Optional[int] = ..., server_name: _Optional[str] = ...) -> None: ...

class FunctionSpec(_message.Message):
    __slots__ = ("type_name", "states", "in_flight_max", "batch_max")
    TYPE_NAME_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_MAX_FIELD_NUMBER: _ClassVar[int]
    BATCH_MAX_FIELD_NUMBER: _ClassVar[int]
    type_name: str
    states: _containers.RepeatedCompositeFieldContainer[StateSpec]
    in_flight_max: int
    batch_max: int
    def __init__(self, type_name: _Optional[str] = ..., states: _Optional[_Iterable[_Union[StateSpec, _Mapping]]] = ..., in_flight_max: _Optional[int] = ..., batch_max: _Optional[int] = ...) -> None: ...

class StateSpec(_message.Message):
    __slots__ = ("name", "typename", "expiration", "lazy")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPENAME_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_FIELD_NUMBER: _ClassVar[int]
    LAZY_FIELD_NUMBER: _ClassVar[int]
    name: str
    typename: str
    expiration: Expiration
    lazy: bool
    def __init__(self, name: _Optional[str] = ..., typename: _Optional[str] = ..., expiration: _Optional[_Union[Expiration, _Mapping]] = ..., lazy: _Optional[bool] = ...) -> None: ...

class Expiration(_message.Message):
    __slots__ = ("mode", "duration_ms")
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MODE_UNSPECIFIED: _ClassVar[Expiration.Mode]
        MODE_AFTER_WRITE: _ClassVar[Expiration.Mode]
        MODE_AFTER_INVOCATION: _ClassVar[Expiration.Mode]
    MODE_UNSPECIFIED: Expiration.Mode
    MODE_AFTER_WRITE: Expiration.Mode
    MODE_AFTER_INVOCATION: Expiration.Mode
    MODE_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    mode: Expiration.Mode
    duration_ms: int
    def __init__(self, mode: _Optional[_Union[Expiration.Mode, str]] = ..., duration_ms: _Optional[int] = ...) -> None: ...

class InvocationBatch(_message.Message):
    __slots__ = ("types", "invocations", "result_credit_bytes")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    INVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    RESULT_CREDIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedCompositeFieldContainer[TypeDefinition]
    invocations: _containers.RepeatedCompositeFieldContainer[Invocation]
    result_credit_bytes: int
    def __init__(self, types: _Optional[_Iterable[_Union[TypeDefinition, _Mapping]]] = ..., invocations: _Optional[_Iterable[_Union[Invocation, _Mapping]]] = ..., result_credit_bytes: _Optional[int] = ...) -> None: ...

class TypeDefinition(_message.Message):
    __slots__ = ("index", "type_name", "entry")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TYPE_NAME_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    index: int
    type_name: str
    entry: int
    def __init__(self, index: _Optional[int] = ..., type_name: _Optional[str] = ..., entry: _Optional[int] = ...) -> None: ...

class Invocation(_message.Message):
    __slots__ = ("invocation_id", "type", "id", "inputs", "states", "lease", "timeout_ms", "attempt", "no_lease")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NO_LEASE_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    type: int
    id: str
    inputs: _containers.RepeatedCompositeFieldContainer[Input]
    states: _containers.RepeatedCompositeFieldContainer[StateValue]
    lease: int
    timeout_ms: int
    attempt: int
    no_lease: bool
    def __init__(self, invocation_id: _Optional[int] = ..., type: _Optional[int] = ..., id: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[Input, _Mapping]]] = ..., states: _Optional[_Iterable[_Union[StateValue, _Mapping]]] = ..., lease: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., attempt: _Optional[int] = ..., no_lease: _Optional[bool] = ...) -> None: ...

class Input(_message.Message):
    __slots__ = ("caller_type", "caller_id", "typename", "value", "wants_reply", "traceparent")
    CALLER_TYPE_FIELD_NUMBER: _ClassVar[int]
    CALLER_ID_FIELD_NUMBER: _ClassVar[int]
    TYPENAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WANTS_REPLY_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    caller_type: int
    caller_id: str
    typename: str
    value: bytes
    wants_reply: bool
    traceparent: str
    def __init__(self, caller_type: _Optional[int] = ..., caller_id: _Optional[str] = ..., typename: _Optional[str] = ..., value: _Optional[bytes] = ..., wants_reply: _Optional[bool] = ..., traceparent: _Optional[str] = ...) -> None: ...

class StateValue(_message.Message):
    __slots__ = ("state", "value")
    STATE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    state: int
    value: bytes
    def __init__(self, state: _Optional[int] = ..., value: _Optional[bytes] = ...) -> None: ...

class StateRequest(_message.Message):
    __slots__ = ("invocation_id", "states", "lease_missing")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    LEASE_MISSING_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    states: _containers.RepeatedScalarFieldContainer[int]
    lease_missing: bool
    def __init__(self, invocation_id: _Optional[int] = ..., states: _Optional[_Iterable[int]] = ..., lease_missing: _Optional[bool] = ...) -> None: ...

class StateReply(_message.Message):
    __slots__ = ("invocation_id", "states")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    states: _containers.RepeatedCompositeFieldContainer[StateValue]
    def __init__(self, invocation_id: _Optional[int] = ..., states: _Optional[_Iterable[_Union[StateValue, _Mapping]]] = ...) -> None: ...

class ResultBatch(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Result]
    def __init__(self, results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("invocation_id", "state_changes", "sends", "timer_changes", "egress_records", "replies", "failure")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_CHANGES_FIELD_NUMBER: _ClassVar[int]
    SENDS_FIELD_NUMBER: _ClassVar[int]
    TIMER_CHANGES_FIELD_NUMBER: _ClassVar[int]
    EGRESS_RECORDS_FIELD_NUMBER: _ClassVar[int]
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    state_changes: _containers.RepeatedCompositeFieldContainer[StateValue]
    sends: _containers.RepeatedCompositeFieldContainer[Send]
    timer_changes: _containers.RepeatedCompositeFieldContainer[TimerChange]
    egress_records: _containers.RepeatedCompositeFieldContainer[EgressRecord]
    replies: _containers.RepeatedCompositeFieldContainer[Reply]
    failure: Failure
    def __init__(self, invocation_id: _Optional[int] = ..., state_changes: _Optional[_Iterable[_Union[StateValue, _Mapping]]] = ..., sends: _Optional[_Iterable[_Union[Send, _Mapping]]] = ..., timer_changes: _Optional[_Iterable[_Union[TimerChange, _Mapping]]] = ..., egress_records: _Optional[_Iterable[_Union[EgressRecord, _Mapping]]] = ..., replies: _Optional[_Iterable[_Union[Reply, _Mapping]]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class Send(_message.Message):
    __slots__ = ("type", "type_name", "id", "typename", "value", "traceparent")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TYPE_NAME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPENAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    type: int
    type_name: str
    id: str
    typename: str
    value: bytes
    traceparent: str
    def __init__(self, type: _Optional[int] = ..., type_name: _Optional[str] = ..., id: _Optional[str] = ..., typename: _Optional[str] = ..., value: _Optional[bytes] = ..., traceparent: _Optional[str] = ...) -> None: ...

class TimerChange(_message.Message):
    __slots__ = ("schedule", "cancel")
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    schedule: DelayedSend
    cancel: str
    def __init__(self, schedule: _Optional[_Union[DelayedSend, _Mapping]] = ..., cancel: _Optional[str] = ...) -> None: ...

class DelayedSend(_message.Message):
    __slots__ = ("send", "delay_ms", "cancellation_token")
    SEND_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    CANCELLATION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    send: Send
    delay_ms: int
    cancellation_token: str
    def __init__(self, send: _Optional[_Union[Send, _Mapping]] = ..., delay_ms: _Optional[int] = ..., cancellation_token: _Optional[str] = ...) -> None: ...

class EgressRecord(_message.Message):
    __slots__ = ("egress", "typename", "value")
    EGRESS_FIELD_NUMBER: _ClassVar[int]
    TYPENAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    egress: str
    typename: str
    value: bytes
    def __init__(self, egress: _Optional[str] = ..., typename: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("input", "typename", "value")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    TYPENAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    input: int
    typename: str
    value: bytes
    def __init__(self, input: _Optional[int] = ..., typename: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("code", "message", "retryable", "retry_after_ms", "completed_inputs")
    class Code(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CODE_UNSPECIFIED: _ClassVar[Failure.Code]
        CODE_FUNCTION: _ClassVar[Failure.Code]
        CODE_BAD_INPUT: _ClassVar[Failure.Code]
        CODE_BAD_STATE: _ClassVar[Failure.Code]
        CODE_TIMEOUT: _ClassVar[Failure.Code]
        CODE_OVERLOADED: _ClassVar[Failure.Code]
        CODE_UNKNOWN_FUNCTION: _ClassVar[Failure.Code]
    CODE_UNSPECIFIED: Failure.Code
    CODE_FUNCTION: Failure.Code
    CODE_BAD_INPUT: Failure.Code
    CODE_BAD_STATE: Failure.Code
    CODE_TIMEOUT: Failure.Code
    CODE_OVERLOADED: Failure.Code
    CODE_UNKNOWN_FUNCTION: Failure.Code
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_INPUTS_FIELD_NUMBER: _ClassVar[int]
    code: Failure.Code
    message: str
    retryable: bool
    retry_after_ms: int
    completed_inputs: int
    def __init__(self, code: _Optional[_Union[Failure.Code, str]] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ..., retry_after_ms: _Optional[int] = ..., completed_inputs: _Optional[int] = ...) -> None: ...

class InvocationWindow(_message.Message):
    __slots__ = ("invocations", "bytes")
    INVOCATIONS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    invocations: int
    bytes: int
    def __init__(self, invocations: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class ResultCredit(_message.Message):
    __slots__ = ("bytes",)
    BYTES_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    def __init__(self, bytes: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class ProtocolError(_message.Message):
    __slots__ = ("clause", "message")
    CLAUSE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    clause: str
    message: str
    def __init__(self, clause: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
