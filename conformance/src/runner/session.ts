import type { FrameStream } from "../wire/frame-stream.js";

/** One stream of a case, and what `$name` stands for on it. */
export interface Session {
  readonly stream: FrameStream;
  readonly variables: Map<string, number>;
}
