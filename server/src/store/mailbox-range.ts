import { ByteWriter } from "../codec/byte-writer.js";
import { readMessageKey, readStoredMessage, writeMailboxPrefix } from "../codec/table-layout.js";
import type {
  MailboxLimits,
  MailboxRange,
  MessageCount,
  StoredBacklog,
  StoredMailbox,
  StoredMailboxes,
  StoredMessage,
} from "../core/store-view.js";
import { longMin } from "../core/store-view.js";
import type { Table } from "./table.js";
import { metaNumber } from "./tables.js";

/** Behind every sequence. */
const sequenceEnd = Buffer.alloc(8, 0xff);
const noMore: MessageCount = { count: 0, last: 0 };

/** As StoreView.readMailbox(). */
export function readMailbox(
  messages: Table,
  address: { readonly type: number; readonly id: string },
  limits: MailboxLimits,
): StoredMailbox | undefined {
  const prefix = mailboxPrefix(address.type, address.id);
  const end = behind(address.type, address.id);
  const read: StoredMessage[] = [];
  let bytes = 0;
  for (const { key, value } of messages.getRange({ start: prefix, end })) {
    read.push(readStoredMessage(key, value));
    bytes += value.length;
    if (read.length >= limits.messagesMax || bytes >= limits.bytesMax) break;
  }
  const newest = read[read.length - 1];
  if (newest === undefined) return undefined;
  if (limits.isLong === true) return { id: address.id, messages: read, rest: null };
  const start = Buffer.concat([prefix, metaNumber(newest.sequence + 1)]);
  return { id: address.id, messages: read, rest: countRest(messages, { start, end }, read.length) };
}

/** What is behind the messages that were read; null: too much to be counted again and again. */
function countRest(
  messages: Table,
  range: { readonly start: Buffer; readonly end: Buffer },
  read: number,
): MessageCount | null {
  const count = messages.countKeys(range);
  if (read + count > longMin) return null;
  const last = count === 0 ? undefined : messages.lastKey(range);
  return last === undefined ? noMore : { count, last: readMessageKey(last).sequence };
}

/** As StoreView.readMailboxes(). One pass, which leaves out the rest of long mailboxes. */
export function readMailboxes(messages: Table, range: MailboxRange): StoredMailboxes {
  const end = typeStart(range.type + 1);
  const reading = new MailboxesReading(range);
  let start = range.afterId === null ? typeStart(range.type) : behind(range.type, range.afterId);
  for (;;) {
    const stop = readUntilStop(messages, { start, end }, reading);
    if (stop === "end") return { mailboxes: reading.finish(), isAtEnd: true };
    if (stop === "full") return { mailboxes: reading.finish(), isAtEnd: false };
    start = behind(range.type, stop.longId);
  }
}

type Stop = "end" | "full" | { readonly longId: string };

function readUntilStop(
  messages: Table,
  range: { readonly start: Buffer; readonly end: Buffer },
  reading: MailboxesReading,
): Stop {
  for (const { key, value } of messages.getRange(range)) {
    const stop = reading.add(key, value);
    if (stop !== null) return stop;
  }
  return "end";
}

/** Mailboxes as they are put together from one entry after the other. */
class MailboxesReading {
  readonly #range: MailboxRange;
  readonly #mailboxes: StoredMailbox[] = [];
  #id: string | null = null;
  #messages: StoredMessage[] = [];
  #bytes = 0;
  #rest = noMore;
  #bytesOfAll = 0;
  #looked = 0;

  constructor(range: MailboxRange) {
    this.#range = range;
  }

  /** Takes the next entry. Returns why it is the last to be taken; null: it is not. */
  add(key: Buffer, value: Buffer): Stop | null {
    const { id, sequence } = readMessageKey(key);
    if (id !== this.#id) {
      this.#end(false);
      if (this.#isFull) return "full";
      this.#id = id;
    }
    this.#looked++;
    const { messagesMax, bytesMax } = this.#range.limits;
    if (this.#messages.length < messagesMax && this.#bytes < bytesMax) {
      this.#messages.push(readStoredMessage(key, value));
      this.#bytes += value.length;
      return null;
    }
    this.#rest = { count: this.#rest.count + 1, last: sequence };
    if (this.#messages.length + this.#rest.count <= longMin) return null;
    this.#end(true);
    return { longId: id };
  }

  /** Everything up to the entry that was taken last. */
  finish(): readonly StoredMailbox[] {
    this.#end(false);
    return this.#mailboxes;
  }

  get #isFull(): boolean {
    const { mailboxesMax, messagesMax, limits } = this.#range;
    if (this.#mailboxes.length >= mailboxesMax || this.#looked >= messagesMax) return true;
    return this.#bytesOfAll >= limits.bytesMax;
  }

  #end(isLong: boolean): void {
    if (this.#id === null) return;
    const rest = isLong ? null : this.#rest;
    this.#mailboxes.push({ id: this.#id, messages: this.#messages, rest });
    this.#bytesOfAll += this.#bytes;
    this.#id = null;
    this.#messages = [];
    this.#bytes = 0;
    this.#rest = noMore;
  }
}

/** What waits for each type. Looks at every key, and at no value. */
export function* countBacklogs(messages: Table): Generator<StoredBacklog> {
  let type = 0;
  let id: string | null = null;
  let mailboxes = 0;
  let count = 0;
  let ofMailbox = 0;
  let last = 0;
  let long = new Map<string, MessageCount>();
  const endMailbox = (): void => {
    if (id !== null && ofMailbox > longMin) long.set(id, { count: ofMailbox, last });
    ofMailbox = 0;
  };
  for (const bytes of messages.getKeys({})) {
    const key = readMessageKey(bytes);
    if (key.type !== type || key.id !== id) {
      endMailbox();
      if (key.type !== type && count > 0) {
        yield { type, mailboxes, messages: count, long };
        mailboxes = 0;
        count = 0;
        long = new Map();
      }
      ({ type, id } = key);
      mailboxes++;
    }
    ofMailbox++;
    count++;
    last = key.sequence;
  }
  endMailbox();
  if (count > 0) yield { type, mailboxes, messages: count, long };
}

function mailboxPrefix(type: number, id: string): Buffer {
  const writer = new ByteWriter(64);
  writeMailboxPrefix(writer, type, id);
  return writer.copy();
}

/** Behind every message of a mailbox. */
function behind(type: number, id: string): Buffer {
  return Buffer.concat([mailboxPrefix(type, id), sequenceEnd]);
}

function typeStart(type: number): Buffer {
  const start = Buffer.alloc(4);
  start.writeUInt32BE(type);
  return start;
}
