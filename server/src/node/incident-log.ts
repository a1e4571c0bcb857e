import type { Logger } from "pino";
import { formatAddress } from "../core/address.js";
import type { Incident } from "../core/incident.js";

/** A function that fails for every message must not spend the node's time on saying so. */
const quietMs = 10_000;

/** What is logged of one kind of incident of one function type. */
interface Topic {
  /** Nothing is written before, in the time of the clock. */
  quietUntilMs: number;
  /** Incidents that were not written since the last line. */
  suppressed: number;
  last: Incident;
  /** When the last one was, in the time of the clock. */
  lastMs: number;
}

/**
 * Writes what goes wrong with addresses into the log: the first incident of a kind and function type
 * at once, then one line at most every ten seconds, with the newest incident and the number of those
 * that have no line of their own.
 */
export class IncidentLog {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #topics = new Map<string, Topic>();
  #timer: NodeJS.Timeout | null = null;

  constructor(logger: Logger, nowMs: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  note(incidents: readonly Incident[]): void {
    for (const incident of incidents) this.#note(incident);
  }

  /** Writes what is left to write. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const topic of this.#topics.values()) this.#writeSuppressed(topic);
    this.#topics.clear();
  }

  #note(incident: Incident): void {
    const key = `${incident.kind} ${incident.typeName}`;
    const topic = this.#topics.get(key);
    const nowMs = this.#nowMs();
    if (topic !== undefined && nowMs < topic.quietUntilMs) {
      topic.suppressed++;
      topic.last = incident;
      topic.lastMs = nowMs;
      this.#armTimer();
      return;
    }
    this.#write(incident, topic?.suppressed ?? 0);
    const quietUntilMs = nowMs + quietMs;
    this.#topics.set(key, { quietUntilMs, suppressed: 0, last: incident, lastMs: nowMs });
  }

  #armTimer(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.flush(), quietMs);
    this.#timer.unref();
  }

  /** Writes what has been suppressed for long enough, and forgets what has come to rest. */
  flush(): void {
    this.#timer = null;
    const nowMs = this.#nowMs();
    for (const [key, topic] of this.#topics) {
      if (nowMs < topic.quietUntilMs) {
        if (topic.suppressed > 0) this.#armTimer();
        continue;
      }
      if (topic.suppressed === 0) this.#topics.delete(key);
      else {
        this.#writeSuppressed(topic);
        topic.suppressed = 0;
        topic.quietUntilMs = nowMs + quietMs;
      }
    }
  }

  #writeSuppressed({ last, lastMs, suppressed }: Topic): void {
    // The line tells of the last one itself.
    if (suppressed > 0) this.#write(last, suppressed - 1, Math.round(this.#nowMs() - lastMs));
  }

  /** `agoMs`: the line is that late; what was to come then has come. */
  #write(incident: Incident, suppressed: number, agoMs: number | null = null): void {
    const { kind, code, message: reason, attempts, delayMs } = incident;
    const fields = {
      address: formatAddress(incident),
      code,
      reason,
      attempts,
      ...(agoMs === null ? {} : { agoMs }),
      ...(kind === "failed" && agoMs === null ? { nextAttemptMs: Math.round(delayMs) } : {}),
      ...(suppressed > 0 ? { suppressed } : {}),
    };
    if (kind === "failed") {
      const when = agoMs === null ? "is tried again" : "was to be tried again";
      this.#logger.warn(fields, `message failed, and ${when}`);
    } else if (kind === "dropped")
      this.#logger.warn(fields, "message given up, and sent to an egress");
    else this.#logger.error(fields, "message given up, and its address parked");
  }
}
