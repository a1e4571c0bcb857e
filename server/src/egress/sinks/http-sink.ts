import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Agent } from "undici";
import { plainValue } from "../../codec/typed-value-text.js";
import { unreachable } from "../../core/assert.js";
import type { OutboxRecord } from "../../core/outbox.js";
import type { HttpEgressSpec } from "../../module/module.js";
import { backoffMs } from "../backoff.js";
import { formatRecordJson } from "../record-text.js";
import { type Sink, type SinkStatus, sinkRunning } from "../sink.js";
import { type HttpTarget, revealTarget } from "./http-target.js";
import { loadUndici } from "./load-undici.js";
import { type Answer, postOnce } from "./post-once.js";

export interface HttpSinkOptions {
  readonly spec: HttpEgressSpec;
  readonly logger: Logger;
  /** Where secrets come from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** 0 to less than 1: spreads retries. */
  readonly random?: () => number;
}

/** A request's content: the same at each attempt. */
interface Post {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/**
 * Posts records to a web server, at least once and in order. Every request names its records in
 * the headers `statewire-record-id` and `idempotency-key`: "<egress>/<sequence>", or
 * "<egress>/<first>-<last>" for a batch, whose elements carry their own sequence. A record's id
 * never changes; what a batch holds can, after a crash.
 *
 * The network's failures, 408, 425, 429 and 5xx are tried again without end, no sooner than
 * retry-after says. Any other answer but 2xx means that the server does not want these records:
 * the egress stops, or drops them, as its spec says.
 * @throws Error when a secret is missing, or the URL is none once its secrets are known.
 */
export function createHttpSink(options: HttpSinkOptions): Sink {
  return new HttpSink(options, revealTarget(options.spec, options.environment));
}

class HttpSink implements Sink {
  readonly writeRecordsMax: number;
  readonly #spec: HttpEgressSpec;
  readonly #logger: Logger;
  readonly #target: HttpTarget;
  readonly #random: () => number;
  readonly #agent: Agent;
  readonly #abort = new AbortController();
  #status: SinkStatus = sinkRunning;

  constructor(options: HttpSinkOptions, target: HttpTarget) {
    this.#spec = options.spec;
    this.#logger = options.logger;
    this.#target = target;
    this.#random = options.random ?? Math.random;
    this.writeRecordsMax = options.spec.batchMax;
    // One request at a time keeps the order; more connections would have nothing to do.
    const { Agent } = loadUndici();
    this.#agent = new Agent({ connections: 1, pipelining: 1 });
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(records: readonly OutboxRecord[]): Promise<number> {
    const post = this.#encode(records);
    for (let failures = 1; ; failures++) {
      const answer = await this.#attempt(post);
      switch (answer.kind) {
        case "accepted":
          this.#setStatus(sinkRunning, records);
          return lastSequence(records);
        case "rejected":
          await this.#reject(answer.reason, records);
          return lastSequence(records);
        case "failed":
          this.#setStatus({ state: "retrying", reason: answer.reason }, records);
          await this.#wait(failures, answer.retryAfterMs);
          break;
        default:
          unreachable(answer);
      }
    }
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error(`egress ${this.#spec.id} is closed`));
    await this.#agent.destroy();
  }

  status(): SinkStatus {
    return this.#status;
  }

  async #attempt({ headers, body }: Post): Promise<Answer> {
    const answer = await postOnce({
      agent: this.#agent,
      url: this.#target.url,
      headers,
      body,
      timeoutMs: this.#spec.timeoutMs,
      signal: this.#abort.signal,
    });
    this.#abort.signal.throwIfAborted();
    return answer;
  }

  async #wait(failures: number, retryAfterMs: number): Promise<void> {
    const ownMs = backoffMs(this.#spec.retry, failures, this.#random);
    await sleep(Math.max(ownMs, retryAfterMs), undefined, { signal: this.#abort.signal });
  }

  async #reject(reason: string, records: readonly OutboxRecord[]): Promise<void> {
    if (this.#spec.rejectedRecords === "drop") {
      this.#logger.error({ ...this.#names(records), reason }, "records dropped");
      this.#setStatus(sinkRunning, records);
      return;
    }
    this.#setStatus({ state: "stopped", reason }, records);
    await aborted(this.#abort.signal);
  }

  #encode(records: readonly OutboxRecord[]): Post {
    const id = recordId(this.#spec.id, records);
    const { contentType, typename, body, isAbsent } = this.#encodeBody(records);
    const headers: Record<string, string> = {
      "content-type": contentType,
      ...this.#target.headers,
      "statewire-record-id": id,
      "idempotency-key": id,
    };
    if (typename !== null) headers["statewire-typename"] = encodeURI(typename);
    if (isAbsent) headers["statewire-value"] = "absent";
    return { headers, body };
  }

  #encodeBody(records: readonly OutboxRecord[]) {
    const [first] = records;
    if (this.#spec.batchMax === 1 && first !== undefined) {
      const { bytes, mediaType } = plainValue(first);
      const { typename, value } = first;
      return { contentType: mediaType, typename, body: bytes, isAbsent: value === null };
    }
    const body = Buffer.from(`[${records.map(formatRecordJson).join(",")}]`);
    return { contentType: "application/json", typename: null, body, isAbsent: false };
  }

  /** One line of log per change of state. */
  #setStatus(status: SinkStatus, records: readonly OutboxRecord[]): void {
    const isChange = status.state !== this.#status.state;
    this.#status = status;
    if (!isChange) return;
    const names = this.#names(records);
    const { reason } = status;
    if (status.state === "running") this.#logger.info(names, "egress goes on");
    else if (status.state === "retrying") this.#logger.warn({ ...names, reason }, "egress retries");
    else this.#logger.error({ ...names, reason }, "egress stopped");
  }

  #names(records: readonly OutboxRecord[]) {
    const record = recordId(this.#spec.id, records);
    return { egress: this.#spec.id, url: this.#target.shownUrl, record };
  }
}

function recordId(egress: string, records: readonly OutboxRecord[]): string {
  const first = records[0]?.sequence ?? 0;
  const last = lastSequence(records);
  return first === last ? `${egress}/${last}` : `${egress}/${first}-${last}`;
}

function lastSequence(records: readonly OutboxRecord[]): number {
  return records.at(-1)?.sequence ?? 0;
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
