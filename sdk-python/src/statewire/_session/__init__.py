"""The server's side of one stream: frames in, frames and batches out.

Nothing in here holds a socket, a clock or a task; the transport brings frames and the time.
"""
