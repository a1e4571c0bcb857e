/**
 * HTTP/2 PING after 20 seconds without a frame, and 10 seconds for its answer; pings are permitted
 * while nothing is in flight. [KEEP-1] [KEEP-2]
 */
export const keepalive = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
} as const;
