import { createTroubleReporter, type ServeEvent } from "../serve-event.js";

/** How functions are served over StateFun's HTTP protocol. */
export interface HttpOptions {
  /**
   * The largest request that is read, and the largest response that functions may make, in bytes.
   * Default: 32 MiB, StateFun's own `payload_max_bytes`.
   */
  readonly payloadBytesMax?: number;
  /**
   * What happens while serving: messages that fail. Default: a line on stderr, or what stands for it.
   * It must not throw.
   */
  readonly onEvent?: (event: ServeEvent) => void;
}

/** {@link HttpOptions} with the defaults filled in. */
export interface HttpSettings {
  readonly payloadBytesMax: number;
  readonly onEvent: (event: ServeEvent) => void;
}

const payloadBytesMaxDefault = 32 * 1024 * 1024;

export function fillHttpOptions(options: HttpOptions): HttpSettings {
  return {
    payloadBytesMax: options.payloadBytesMax ?? payloadBytesMaxDefault,
    onEvent: options.onEvent ?? createTroubleReporter(writeLine, () => performance.now()),
  };
}

function writeLine(line: string): void {
  // biome-ignore lint/suspicious/noConsole: there is no process.stderr on every platform.
  console.error(line);
}
