import { type RecordBatch, SubscribeRequest } from "@statewire/protos/statewire/v1/egress.js";
import type { OutboxRecord } from "../core/outbox.js";
import { type Decoded, decoded, ViolationError } from "./ingress-codec.js";
import { readMessage } from "./protobuf-message.js";

/** What a subscriber says. */
export type SubscriberMessage =
  | { readonly kind: "start"; readonly egress: string; readonly window: number }
  | { readonly kind: "acknowledge"; readonly sequence: number };

/** Records that a subscriber has without acknowledging them, when it does not say. */
export const windowDefault = 1024;
/** Larger windows are cut to this: the runtime holds what it has sent. */
export const windowMax = 65_536;

/** Decodes one SubscribeRequest. */
export function decodeSubscribeRequest(bytes: Uint8Array): Decoded<SubscriberMessage> {
  return decoded(() => {
    const { request } = readMessage("SubscribeRequest", bytes, SubscribeRequest.decode);
    if (request === undefined) {
      throw new ViolationError("invalid", "neither start nor acknowledge is set");
    }
    if (request.$case === "acknowledge") {
      return { kind: "acknowledge", sequence: request.value };
    }
    const { egress, window } = request.value;
    return { kind: "start", egress, window: Math.min(window || windowDefault, windowMax) };
  });
}

/** Records as a subscriber gets them. */
export function encodeRecordBatch(records: readonly OutboxRecord[]): RecordBatch {
  return { records: records.map(encodeRecord) };
}

function encodeRecord(record: OutboxRecord): RecordBatch["records"][number] {
  const { sequence, typename, value, sourceType, sourceId } = record;
  const slash = sourceType.name.indexOf("/");
  const bytes =
    value === null ? undefined : Buffer.from(value.buffer, value.byteOffset, value.length);
  return {
    sequence,
    value: { typename, value: bytes },
    source: {
      namespace: sourceType.name.slice(0, slash),
      type: sourceType.name.slice(slash + 1),
      id: sourceId,
    },
  };
}
