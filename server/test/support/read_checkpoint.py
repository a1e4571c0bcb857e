"""Reads a checkpoint from a directory, by docs/formats/checkpoint.md alone. It shares no code with
the runtime: the tests compare what both say.

    read_checkpoint.py DIRECTORY LINEAGE [NUMBER]

Prints one JSON object per line: every entry of every table, and last what the checkpoint is. Needs
the package "brotli". Exits with 1, and says why, for anything that the document does not allow.
"""

import base64
import hashlib
import json
import struct
import sys
from pathlib import Path

import brotli


class Reader:
    """Bytes that are read from the front to the end."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("bytes are missing")
        self.at += count
        return self.data[self.at - count : self.at]

    def rest(self):
        return self.take(len(self.data) - self.at)

    def number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def u8(self):
        return self.number(">B")

    def u16(self):
        return self.number(">H")

    def u32(self):
        return self.number(">I")

    def u64(self):
        return self.number(">Q")

    def varint(self):
        value = 0
        for shift in range(0, 56, 7):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ValueError("a varint is longer than 8 bytes")

    def sized(self):
        return self.take(self.varint())

    def text(self):
        return self.sized().decode()

    # Fields of the runtime's own rows.

    def float(self):
        value = self.number("<d")
        return int(value) if value == int(value) else value

    def field(self):
        return self.take(self.number("<I"))

    def end(self):
        if self.at != len(self.data):
            raise ValueError(f"{len(self.data) - self.at} bytes too many")


def encoded(value):
    return None if value is None else base64.b64encode(value).decode()


def read_manifest(lineage, number):
    line, digest, rest = (lineage / "manifests" / f"{number:012}").read_bytes().split(b"\n")
    if hashlib.sha256(line).hexdigest() != digest.decode() or rest != b"":
        raise ValueError("the manifest does not verify")
    manifest = json.loads(line)
    if manifest["format"] != 1 or manifest["tableFormat"] != 3:
        raise ValueError("the manifest is of another version")
    return manifest


def read_object(lineage, stored):
    body = (lineage / stored["key"]).read_bytes()
    if len(body) != stored["bytes"] or hashlib.sha256(body).hexdigest() != stored["sha256"]:
        raise ValueError(f"{stored['key']} does not verify")
    raw = brotli.decompress(body) if stored["encoding"] == "brotli" else body
    if len(raw) != stored["rawBytes"]:
        raise ValueError(f"{stored['key']} has {len(raw)} bytes")
    return raw


def read_changes(lineage, run):
    """(table index, key, value; None: deleted), checked to be in order."""
    before = None
    for stored in run["objects"]:
        reader = Reader(read_object(lineage, stored))
        while reader.at < len(reader.data):
            head = reader.u8()
            key = reader.sized()
            value = None if head & 1 else reader.sized()
            if before is not None and before >= (head >> 1, key):
                raise ValueError(f"{stored['key']} is not in order")
            if value is None and run["kind"] == "base":
                raise ValueError(f"{stored['key']} deletes in a base")
            before = (head >> 1, key)
            yield head >> 1, key, value


def read_state(lineage, manifest):
    tables = {name: {} for name in manifest["tables"]}
    epoch = 0
    for at, run in enumerate(manifest["runs"]):
        if run["fromEpoch"] != epoch or (run["kind"] == "base") != (at == 0):
            raise ValueError("the runs do not follow one another")
        epoch = run["toEpoch"]
        for table, key, value in read_changes(lineage, run):
            entries = tables[manifest["tables"][table]]
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
    if epoch != manifest["epoch"]:
        raise ValueError("the last run is not of the manifest's epoch")
    return tables


def message(reader, types):
    flags = reader.u8()
    caller = f"{types[reader.varint()]}/{reader.text()}" if flags & 2 else None
    typename = reader.text()
    traceparent = reader.text() if flags & 4 else None
    key = reader.text() if flags & 8 else None
    value = reader.rest() if flags & 1 else None
    reader.end()
    return {
        **{"caller": caller, "typename": typename, "traceparent": traceparent},
        **{"idempotencyKey": key, "value": encoded(value)},
    }


def read_states(entries):
    states = {}
    for key, value in entries.items():
        table, reader = Reader(key).u32(), Reader(value)
        type_name, name, typename = reader.text(), reader.text(), reader.text()
        mode = reader.u8()
        expiration = None if mode == 0 else [mode, reader.u64()]
        reader.end()
        states[table] = (type_name, name, typename, expiration)
    return states


def row_value(value):
    reader = Reader(value)
    flag = reader.u8()
    expires = reader.u64() if flag == 1 else None
    if flag > 1:
        raise ValueError(f"a row that begins with {flag}")
    return expires, reader.rest()


def own_row(table, key, value, types):
    """A row of the runtime's own."""
    reader = Reader(value)
    key = key.decode()

    def address():
        index, _, instance = key.partition("/")
        return f"{types[int(index)]}/{instance}"

    if table == 1:
        tag = reader.float()
        row = {"table": "idempotency key", "key": key, "outcome": tag}
        if tag in (2, 3):
            row["typename"] = reader.field().decode()
        if tag == 3:
            row["value"] = encoded(reader.field())
        if tag == 5:
            row["failure"] = [reader.field().decode(), reader.field().decode()]
    elif table == 2:
        row = {"table": "position", "source": key, "sequence": reader.float()}
    elif table == 3:
        length, _, rest = key.partition(":")
        units = rest.encode("utf-16-le")
        sender = units[: 2 * int(length)].decode("utf-16-le")
        token = units[2 * int(length) :].decode("utf-16-le")
        timer = {"sequence": reader.float(), "dueMs": reader.float()}
        row = {"table": "token", "sender": sender, "token": token, **timer}
    elif table == 4:
        row = {"table": "egress", "egress": key, "acknowledged": reader.float()}
        row["position"] = reader.float()
    elif table == 5:
        row = {"table": "parked", "address": address(), "code": reader.field().decode()}
        row["message"] = reader.field().decode()
        row.update({"attempts": reader.float(), "firstMs": reader.float()})
        row["lastMs"] = reader.float()
    elif table == 6:
        row = {"table": "attempts", "address": address(), "failures": reader.float()}
        row.update({"lost": reader.float(), "firstMs": reader.float()})
        row.update({"lastMs": reader.float(), "retryMs": reader.float()})
    else:
        raise ValueError(f"keyed table {table}")
    reader.end()
    return row


def rows(tables, types):
    states = read_states(tables["states"])
    for key, value in sorted(tables["rows"].items()):
        reader = Reader(key)
        table, instance = reader.u32(), reader.rest()
        expires, value = row_value(value)
        if table < 16:
            yield {**own_row(table, instance, value, types), "expiresAtMs": expires}
            continue
        type_name, name, typename, expiration = states[table]
        yield {
            **{"table": "state", "address": f"{type_name}/{instance.decode()}", "state": name},
            **{"typename": typename, "value": encoded(value), "expiresAtMs": expires},
            "expiration": expiration,
        }


def entries(tables):
    types = {Reader(key).u32(): value.decode() for key, value in tables["types"].items()}
    yield from rows(tables, types)
    for key, value in sorted(tables["messages"].items()):
        reader = Reader(key)
        target = f"{types[reader.u32()]}/{reader.take(reader.u16()).decode()}"
        head = {"table": "message", "target": target, "sequence": reader.u64()}
        reader.end()
        yield {**head, **message(Reader(value), types)}
    for key, value in sorted(tables["timers"].items()):
        head = Reader(key)
        due, sequence = head.u64(), head.u64()
        head.end()
        reader = Reader(value)
        token = reader.text()
        target = f"{types[reader.varint()]}/{reader.text()}"
        timer = {"table": "timer", "dueMs": due, "sequence": sequence, "token": token}
        yield {**timer, "target": target, **message(reader, types)}
    for key, value in sorted(tables["records"].items()):
        head = Reader(key)
        egress, sequence = head.take(head.u16()).decode(), head.u64()
        head.end()
        reader = Reader(value)
        source = f"{types[reader.varint()]}/{reader.text()}"
        has_value, typename = reader.u8(), reader.text()
        content = encoded(reader.rest()) if has_value else None
        reader.end()
        record = {"table": "record", "egress": egress, "sequence": sequence, "source": source}
        yield {**record, "typename": typename, "value": content}
    yield {"table": "meta", "nextSequence": Reader(tables["meta"][b"nextSequence"]).u64()}


def main(directory, name, *rest):
    lineage = Path(directory) / name
    numbers = [int(path.name) for path in (lineage / "manifests").glob("[0-9]*")]
    number = int(rest[0]) if rest else max(numbers)
    manifest = read_manifest(lineage, number)
    if manifest["number"] != number or manifest["lineage"] != name:
        raise ValueError("the manifest is not the one of its key")
    for entry in entries(read_state(lineage, manifest)):
        print(json.dumps(entry))
    runs = [run["kind"] for run in manifest["runs"]]
    print(json.dumps({"table": "checkpoint", "number": number, "runs": runs}))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ValueError, KeyError, OSError) as error:
        sys.exit(f"read_checkpoint.py: {type(error).__name__}: {error}")
