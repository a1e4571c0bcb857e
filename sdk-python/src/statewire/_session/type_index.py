"""The type indexes of one stream."""

from __future__ import annotations

from collections.abc import Sequence

from statewire._session.protocol_violation import ProtocolViolation
from statewire.address import is_name_part
from statewire.v1 import stream_pb2 as pb

_DEFINITIONS_MAX = 65_536


class TypeIndex:
    """The function table from 1 on, then what the runtime defined.

    Entry i of the table (from 0) has index i + 1; index 0 is no type.
    """

    __slots__ = ("_function_by_index", "_index_by_name", "_names", "_table_size")

    def __init__(self, table: Sequence[str]) -> None:
        self._table_size = len(table)
        self._names = ["", *table]
        self._index_by_name = {name: position + 1 for position, name in enumerate(table)}
        # The table position that serves an index, or -1. A wildcard's own index stands for no
        # function type: nothing can be invoked or sent by it.
        self._function_by_index = [
            -1,
            *(-1 if name.endswith("/*") else position for position, name in enumerate(table)),
        ]

    def define(self, definition: pb.TypeDefinition) -> None:
        """Adds a type. Raises ProtocolViolation TABLE-6, TABLE-7, TABLE-8 or TABLE-10."""
        index, name, entry = definition.index, definition.type_name, definition.entry
        if index != len(self._names):
            raise ProtocolViolation(
                "TABLE-6", f"type definition of index {index}, expected {len(self._names)}"
            )
        if index > self._table_size + _DEFINITIONS_MAX:
            raise ProtocolViolation("TABLE-10", f"more than {_DEFINITIONS_MAX} type definitions")
        if not _is_function_type(name) or name in self._index_by_name:
            raise ProtocolViolation(
                "TABLE-7",
                f'type definition of "{name}", expected a namespace/type without an index',
            )
        wildcard = self._index_by_name.get(f"{name.partition('/')[0]}/*", 0)
        if entry != wildcard:
            raise ProtocolViolation(
                "TABLE-8", f'type definition of "{name}" names entry {entry}, expected {wildcard}'
            )
        self._names.append(name)
        self._function_by_index.append(wildcard - 1)
        self._index_by_name[name] = index

    @property
    def count(self) -> int:
        """The next index."""
        return len(self._names)

    def index_of(self, name: str) -> int:
        """The index of a function type; 0 when the stream has none."""
        return self._index_by_name.get(name, 0)

    def function_of(self, index: int) -> int:
        """The table position of the function that serves an index; -1 when none does."""
        return self._function_by_index[index] if index < len(self._function_by_index) else -1

    def name_of(self, index: int) -> str:
        """ "namespace/type" of an index that `is_function_type` holds for."""
        return self._names[index]

    def is_function_type(self, index: int) -> bool:
        """Whether an index stands for one function type: not for none, nor for a wildcard."""
        return 0 < index < len(self._names) and not self._names[index].endswith("/*")


def _is_function_type(name: str) -> bool:
    namespace, slash, type_part = name.partition("/")
    return (
        slash == "/"
        and "/" not in type_part
        and type_part != "*"
        and is_name_part(namespace)
        and is_name_part(type_part)
    )
