/** One thing that happened on a stream, with its bytes: what a replay needs. Bytes are base64. */
export type RecordedLine =
  | readonly [stream: string, what: "opened" | "halfClosed" | "cut"]
  | readonly [stream: string, what: "sent" | "received", bytes: string]
  | readonly [stream: string, what: "ended", status: string]
  | readonly [service: string, what: "called", request: string];

/** Takes lines down in their order. */
export type Recorder = (line: RecordedLine) => void;
