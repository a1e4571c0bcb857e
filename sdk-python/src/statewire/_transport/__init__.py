"""Streams over gRPC: reading, writing, dialling, draining."""
