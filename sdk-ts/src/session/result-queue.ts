import { Failure_Code, type Limits, type Result } from "@statewire/protos/statewire/v1/stream.js";

/** A result on its way, with what decides when it may leave. */
export interface QueuedResult {
  readonly result: Result;
  readonly payloadBytes: number;
  readonly encodedBytes: number;
  /** From then on the runtime has given the invocation up. */
  readonly deadlineMs: number;
}

/** Results of one frame: beyond this, a larger frame saves nothing more. */
const frameResultsMax = 128;
/** Bytes of one frame, unless the runtime takes less, or one result alone is larger. */
const frameBytesTargetMax = 65_536;

/**
 * Finished results that have not been sent yet, and the balance of result credit that they wait for:
 * a result leaves while the balance is above 0, and may take it below.
 */
export class ResultQueue {
  #queued: QueuedResult[] = [];
  readonly #frameBytesTarget: number;
  #balanceBytes: number;

  constructor(limits: Pick<Limits, "frameBytesMax" | "resultCreditBytes">) {
    this.#frameBytesTarget = Math.min(frameBytesTargetMax, limits.frameBytesMax);
    this.#balanceBytes = limits.resultCreditBytes;
  }

  get length(): number {
    return this.#queued.length;
  }

  /** Whether enough is queued to fill a frame. */
  get fillsFrame(): boolean {
    return this.#queued.length >= frameResultsMax;
  }

  push(queued: QueuedResult): void {
    this.#queued.push(queued);
  }

  addCredit(bytes: number): void {
    this.#balanceBytes += bytes;
  }

  /**
   * The results of the next frame, none when there are none or no credit is left. Results that come
   * too late are dropped, except those that say so.
   */
  takeFrame(nowMs: number): Result[] {
    const frame: Result[] = [];
    let frameBytes = 0;
    let taken = 0;
    for (const queued of this.#queued) {
      if (isTooLate(queued, nowMs)) {
        taken++;
        continue;
      }
      const full = frame.length === frameResultsMax || frameBytes >= this.#frameBytesTarget;
      const overflows =
        frame.length > 0 && frameBytes + queued.encodedBytes > this.#frameBytesTarget;
      if (this.#balanceBytes <= 0 || full || overflows) {
        break;
      }
      frame.push(queued.result);
      frameBytes += queued.encodedBytes;
      this.#balanceBytes -= queued.payloadBytes;
      taken++;
    }
    this.#queued = taken === this.#queued.length ? [] : this.#queued.slice(taken);
    return frame;
  }
}

function isTooLate(queued: QueuedResult, nowMs: number): boolean {
  return nowMs >= queued.deadlineMs && queued.result.failure?.code !== Failure_Code.TIMEOUT;
}
