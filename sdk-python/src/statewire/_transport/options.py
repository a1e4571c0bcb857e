"""Settings of the gRPC library."""

from __future__ import annotations

from typing import TypeAlias

ChannelOptions: TypeAlias = list[tuple[str, int]]

# HTTP/2 PING after 20 seconds without a frame, and 10 seconds for its answer. [KEEP-1] [KEEP-3]
_KEEPALIVE: ChannelOptions = [
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # What counts for the answer to a PING of keepalive as well: a minute unless it is set.
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
]


def server_options(frame_bytes_max: int) -> ChannelOptions:
    """For the side that is dialled."""
    return [
        *_frame_sizes(frame_bytes_max),
        *_KEEPALIVE,
        # The peer may ping every 10 seconds, with or without frames between. [KEEP-2]
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
        ("grpc.http2.max_ping_strikes", 0),
        # Two servers on one port would share its connections by chance.
        ("grpc.so_reuseport", 0),
    ]


def channel_options(frame_bytes_max: int) -> ChannelOptions:
    """For the side that dials."""
    return [
        *_frame_sizes(frame_bytes_max),
        *_KEEPALIVE,
        # A channel that failed reconnects at a pace of its own: each attempt gets a new one.
        ("grpc.use_local_subchannel_pool", 1),
    ]


def _frame_sizes(frame_bytes_max: int) -> ChannelOptions:
    return [
        ("grpc.max_receive_message_length", frame_bytes_max),
        ("grpc.max_send_message_length", -1),
    ]
