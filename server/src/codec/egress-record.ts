import { KafkaProducerRecord } from "@statewire/protos/statefun/kafka-egress.js";
import { KinesisEgressRecord } from "@statewire/protos/statefun/kinesis-egress.js";
import { MalformedMessageError, readMessage } from "./protobuf-message.js";

/** What a StateFun function hands to a Kafka or Kinesis egress, taken apart for people. */
export interface EgressRecord {
  /** By the names that JSON shows; null: the record has none. */
  readonly fields: Readonly<Record<string, string | null>>;
  readonly value: Uint8Array;
}

const decoders: ReadonlyMap<string, (bytes: Uint8Array) => EgressRecord> = new Map([
  ["type.googleapis.com/io.statefun.sdk.egress.KafkaProducerRecord", decodeKafkaRecord],
  ["type.googleapis.com/io.statefun.sdk.egress.KinesisEgressRecord", decodeKinesisRecord],
]);

/** Whether values of the type are records for Kafka or Kinesis. */
export function isEgressRecordTypename(typename: string): boolean {
  return decoders.has(typename);
}

/** The fields of a record for Kafka or Kinesis; undefined for other types, and for bytes that are none. */
export function decodeEgressRecord(typename: string, bytes: Uint8Array): EgressRecord | undefined {
  try {
    return decoders.get(typename)?.(bytes);
  } catch (error) {
    if (error instanceof MalformedMessageError) return undefined;
    throw error;
  }
}

function decodeKafkaRecord(bytes: Uint8Array): EgressRecord {
  const { topic, key, valueBytes } = readMessage("KafkaProducerRecord", bytes, (reader) =>
    KafkaProducerRecord.decode(reader),
  );
  return { fields: { topic, key: key === "" ? null : key }, value: valueBytes };
}

function decodeKinesisRecord(bytes: Uint8Array): EgressRecord {
  const { stream, partitionKey, explicitHashKey, valueBytes } = readMessage(
    "KinesisEgressRecord",
    bytes,
    (reader) => KinesisEgressRecord.decode(reader),
  );
  const hashKey = explicitHashKey === "" ? {} : { explicitHashKey };
  return { fields: { stream, partitionKey, ...hashKey }, value: valueBytes };
}
