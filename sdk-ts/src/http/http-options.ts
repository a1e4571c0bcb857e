import { StatewireError } from "../errors.js";
import { createTroubleReporter, type ServeEvent } from "../serve-event.js";

/** How functions are served over StateFun's HTTP protocol. */
export interface HttpOptions {
  /**
   * The largest request that is read, and the largest response that functions may make, in bytes.
   * Default: 32 MiB, StateFun's own `payload_max_bytes`; on Lambda 4,500,000, which is what its 6 MB hold
   * in base64.
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
  const { payloadBytesMax = payloadBytesMaxDefault } = options;
  if (!Number.isSafeInteger(payloadBytesMax) || payloadBytesMax < 1) {
    throw new StatewireError(
      "invalid-declaration",
      `payloadBytesMax ${payloadBytesMax} is not an integer of 1 or more`,
    );
  }
  return {
    payloadBytesMax,
    onEvent: options.onEvent ?? createTroubleReporter(writeLine, () => performance.now()),
  };
}

function writeLine(line: string): void {
  // biome-ignore lint/suspicious/noConsole: there is no process.stderr on every platform.
  console.error(line);
}
