import type { Logger } from "pino";
import { fileSourcePrefix } from "../../codec/ingress-codec.js";
import type { FileIngressSpec } from "../../module/module.js";
import type { IngressPort } from "../ingress-port.js";
import type { FileRecord, ValidRecord } from "./file-record.js";
import { endOfRecord, type FilePlace, toPlace, toSequence } from "./file-sequence.js";
import { FileSource, waitForFile } from "./file-source.js";
import { MessageWindow } from "./message-window.js";
import { type RecordBatch, readRecords } from "./record-reader.js";
import { type RoutedMessage, type RouteLimits, routeRecord } from "./record-router.js";

/** Enough messages on their way to fill epochs at full speed, also where a commit takes long. */
const outstandingDefault = 8192;
/** As outstandingDefault, in bytes of their payload. */
const outstandingBytesDefault = 4 << 20;

/** Larger than any value that a message may have by default. */
const recordBytesDefault = 16 << 20;

/** After so many, skipped records are only counted: a bad file must not fill the log as well. */
const skipsLoggedMax = 20;

export interface FileIngressOptions {
  readonly spec: FileIngressSpec;
  readonly port: IngressPort;
  readonly logger: Logger;
  readonly limits: RouteLimits;
  /** Messages that are not durable yet, at most. */
  readonly outstandingMax?: number;
  /** Payload of these, in bytes. */
  readonly outstandingBytesMax?: number;
  /** The largest record, in bytes. */
  readonly recordBytesMax?: number;
}

/** What inspection shows. */
export interface FileIngressStatus {
  readonly name: string;
  readonly kind: FileIngressSpec["kind"];
  /** Bytes of the file whose messages are durable. */
  readonly position: number;
  /** The file's length in bytes when it was last looked at. */
  readonly total: number;
  /** Records sent, and records passed over, by this run. */
  readonly records: number;
  readonly skipped: number;
  readonly state: "waiting" | "running" | "done" | "failed";
  /** Why it waits or has failed; else empty. */
  readonly reason: string;
}

export type FileIngressEnd =
  | { readonly kind: "done"; readonly records: number; readonly skipped: number }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "closed" };

export interface FileIngress {
  /** Begins to read where the node's history ends. */
  start(): void;
  /** Reads no further, and resolves when the file is closed. Unanswered messages stay unanswered. */
  close(): Promise<void>;
  status(): FileIngressStatus;
  /**
   * Resolves when every record's messages are durable, when the file cannot be read on, or when
   * the ingress is closed. With follow, the first never happens.
   */
  readonly done: Promise<FileIngressEnd>;
}

/**
 * Sends a file's records to functions, each exactly once: a message carries its place in the file
 * as its sequence, the node keeps the highest one with the message's epoch, and the next run begins
 * there. A file that cannot be read on stops this ingress and nothing else.
 */
export function createFileIngress(options: FileIngressOptions): FileIngress {
  return new FileIngressStage(options);
}

class FileIngressStage implements FileIngress {
  readonly done: Promise<FileIngressEnd>;
  readonly #options: FileIngressOptions;
  readonly #source: string;
  readonly #abort = new AbortController();
  readonly #window: MessageWindow;
  #resolveDone: (end: FileIngressEnd) => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #file: FileSource | null = null;
  #state: FileIngressStatus["state"] = "waiting";
  #reason = "not started";
  #position = 0;
  /** Where the file is read to, once everything before it was sent. */
  #sentUpTo = 0;
  /** Behind the last message are skipped records, up to this one; null: there are none. */
  #skippedTo: FilePlace | null = null;
  #records = 0;
  #skipped = 0;

  constructor(options: FileIngressOptions) {
    this.#options = options;
    this.#source = `${fileSourcePrefix}${options.spec.id}`;
    this.#window = new MessageWindow({
      port: options.port,
      outstandingMax: options.outstandingMax ?? outstandingDefault,
      outstandingBytesMax: options.outstandingBytesMax ?? outstandingBytesDefault,
      signal: this.#abort.signal,
      onDurable: (sequence) => this.#advance(sequence),
      onWaiting: (reason) => this.#setWaiting(reason),
    });
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#resolveDone({ kind: "closed" });
  }

  status(): FileIngressStatus {
    const { id, kind } = this.#options.spec;
    return {
      name: id,
      kind,
      position: this.#position,
      total: this.#file?.size ?? 0,
      records: this.#records,
      skipped: this.#skipped,
      state: this.#state,
      reason: this.#reason,
    };
  }

  async #run(): Promise<void> {
    const { logger, spec } = this.#options;
    const names = { ingress: spec.id, path: spec.path };
    try {
      await this.#read();
      await this.#window.drain();
      if (this.#abort.signal.aborted) return this.#set("waiting", "closed");
      const counts = { records: this.#records, skipped: this.#skipped };
      this.#set("done", "");
      logger.info({ ...names, ...counts }, "file ingress finished");
      this.#resolveDone({ kind: "done", ...counts });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#set("failed", reason);
      logger.error({ ...names, reason }, "file ingress failed");
      this.#resolveDone({ kind: "failed", reason });
    } finally {
      await this.#file?.close();
    }
  }

  async #read(): Promise<void> {
    const { spec, port, logger, recordBytesMax } = this.#options;
    const { signal } = this.#abort;
    if (spec.follow) {
      this.#set("waiting", `${spec.path} does not exist yet`);
      if (!(await waitForFile(spec.path, signal))) return;
    }
    this.#file = await FileSource.open(spec.path);
    const place = toPlace(port.position(this.#source));
    this.#position = place?.start ?? 0;
    this.#set("running", "");
    logger.info(
      { ingress: spec.id, path: spec.path, position: this.#position, total: this.#file.size },
      "file ingress started",
    );
    const batches = readRecords({
      source: this.#file,
      format: spec.format,
      offset: this.#position,
      follow: spec.follow,
      recordBytesMax: recordBytesMax ?? recordBytesDefault,
      signal,
    });
    for await (const batch of batches) await this.#sendBatch(batch, place);
  }

  /** @param resumed Where the node's history ends; what is there is not looked at again. */
  async #sendBatch(batch: RecordBatch, resumed: FilePlace | null): Promise<void> {
    if (batch.records.length > 0) this.#setWaiting(null);
    for (const record of batch.records) {
      const isResumed = resumed !== null && record.start === resumed.start;
      const firstTarget = isResumed ? resumed.target + 1 : 0;
      if (firstTarget >= this.#options.spec.targets.length) continue;
      await this.#sendRecord(record, firstTarget);
      if (this.#abort.signal.aborted) return;
    }
    await this.#passSkipped();
    this.#sentUpTo = batch.end;
    if (this.#window.outstanding === 0) this.#position = batch.end;
    if (batch.isAtEnd && this.#options.spec.follow) this.#setWaiting("at the end of the file");
  }

  async #sendRecord(record: FileRecord, firstTarget: number): Promise<void> {
    if (record.kind === "invalid") {
      await this.#refuse(endOfRecord(record.start), record.reason, record.recoverable);
      return;
    }
    const messages = this.#route(record);
    if (typeof messages === "string") {
      await this.#refuse(endOfRecord(record.start), messages, true);
      return;
    }
    let isSent = false;
    for (let target = firstTarget; target < messages.length; target++) {
      const message = messages[target];
      if (message === undefined) break;
      const place = { start: record.start, target };
      const reason = await this.#send(message, place);
      if (reason === null) isSent = true;
      else await this.#refuse(place, reason, true);
    }
    if (isSent) this.#records++;
  }

  /** The record's messages, or why it has none. */
  #route(record: ValidRecord): readonly RoutedMessage[] | string {
    try {
      return routeRecord(record, this.#options.spec.targets, this.#options.limits);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Why the message was rejected; null when it was not. */
  async #send(routed: RoutedMessage, place: FilePlace): Promise<string | null> {
    const sequence = toSequence(place);
    const mayBeUnknown = routed.isTypeFromRecord && this.#options.spec.invalidRecords === "skip";
    const taken = await this.#window.send(
      {
        typeName: routed.typeName,
        id: routed.id,
        message: routed.message,
        traceparent: "",
        delayMs: 0,
        once: { kind: "sequence", source: this.#source, sequence },
      },
      mayBeUnknown,
    );
    if (taken.kind === "rejected") return taken.reason;
    if (taken.kind === "sent") this.#skippedTo = null;
    return null;
  }

  /**
   * What was skipped must not be skipped again by the next run. The next message carries the
   * position past it; behind the last one of a batch it moves by itself.
   */
  async #passSkipped(): Promise<void> {
    if (this.#skippedTo === null) return;
    await this.#window.advance(this.#source, toSequence(this.#skippedTo));
    this.#skippedTo = null;
  }

  /** Passes a record over, or one of its messages, or ends the ingress. */
  async #refuse(place: FilePlace, reason: string, recoverable: boolean): Promise<void> {
    const { spec, logger } = this.#options;
    const line = (await this.#file?.lineAt(place.start)) ?? 0;
    if (!recoverable || spec.invalidRecords === "fail") {
      // What stands before the record is not lost with it.
      await this.#passSkipped();
      await this.#window.drain();
      throw new Error(`${spec.path} line ${line}: ${reason}`);
    }
    this.#skippedTo = place;
    this.#skipped++;
    if (this.#skipped > skipsLoggedMax) return;
    const isLast = this.#skipped === skipsLoggedMax;
    logger.warn(
      { ingress: spec.id, path: spec.path, line, reason },
      isLast ? "record skipped; further ones are only counted" : "record skipped",
    );
  }

  #advance(sequence: number): void {
    const isDrained = this.#window.outstanding === 0;
    const start = toPlace(sequence)?.start ?? 0;
    this.#position = Math.max(this.#position, start, isDrained ? this.#sentUpTo : 0);
  }

  #setWaiting(reason: string | null): void {
    if (reason !== null && reason !== this.#reason && this.#state === "running") {
      this.#options.logger.debug({ ingress: this.#options.spec.id, reason }, "file ingress waits");
    }
    if (reason === null) this.#set("running", "");
    else this.#set("waiting", reason);
  }

  #set(state: FileIngressStatus["state"], reason: string): void {
    this.#state = state;
    this.#reason = reason;
  }
}
