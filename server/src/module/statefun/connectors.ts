import type { SourcePosition } from "../module.js";

/** Ingresses and egresses of Kafka and Kinesis. This version checks them, and does not run them. */
export type ConnectorSpec =
  | KafkaIngressSpec
  | KafkaEgressSpec
  | KinesisIngressSpec
  | KinesisEgressSpec;

/** A setting of the client, as it is. May be a secret: never shown. */
export type ClientProperties = ReadonlyMap<string, string>;

/** Where records of one topic or stream go: one message for each target. */
export interface StreamRouting {
  /** Of the topic or the stream. */
  readonly name: string;
  /** Typename of the messages; their value is the record's, as it is. */
  readonly valueType: string;
  /** "namespace/type"; the instance is the record's key. */
  readonly targets: readonly string[];
}

export interface KafkaIngressSpec {
  readonly kind: "io.statefun.kafka.v1/ingress";
  readonly source: SourcePosition;
  readonly id: string;
  /** "host:port", several with commas between them; null: the property bootstrap.servers. */
  readonly address: string | null;
  readonly consumerGroupId: string | null;
  readonly topics: readonly StreamRouting[];
  readonly startupPosition: KafkaStartupPosition;
  /** Where a partition begins whose offset is not there. */
  readonly autoOffsetResetPosition: "latest" | "earliest";
  readonly properties: ClientProperties;
}

export type KafkaStartupPosition =
  | { readonly kind: "group-offsets" | "earliest" | "latest" }
  | { readonly kind: "specific-offsets"; readonly offsets: readonly PartitionOffset[] }
  | { readonly kind: "date"; readonly dateMs: number };

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface KafkaEgressSpec {
  readonly kind: "io.statefun.kafka.v1/egress";
  readonly source: SourcePosition;
  readonly id: string;
  readonly address: string | null;
  readonly deliverySemantic:
    | { readonly kind: "none" | "at-least-once" }
    | { readonly kind: "exactly-once"; readonly transactionTimeoutMs: number };
  readonly properties: ClientProperties;
}

export interface KinesisIngressSpec {
  readonly kind: "io.statefun.kinesis.v1/ingress";
  readonly source: SourcePosition;
  readonly id: string;
  readonly awsRegion: AwsRegion;
  readonly awsCredentials: AwsCredentials;
  readonly startupPosition:
    | { readonly kind: "latest" | "earliest" }
    | { readonly kind: "date"; readonly dateMs: number };
  readonly streams: readonly StreamRouting[];
  readonly properties: ClientProperties;
}

export interface KinesisEgressSpec {
  readonly kind: "io.statefun.kinesis.v1/egress";
  readonly source: SourcePosition;
  readonly id: string;
  readonly awsRegion: AwsRegion;
  readonly awsCredentials: AwsCredentials;
  readonly maxOutstandingRecords: number;
  readonly properties: ClientProperties;
}

export type AwsRegion =
  | { readonly kind: "default" }
  | { readonly kind: "specific"; readonly id: string }
  | { readonly kind: "custom-endpoint"; readonly endpoint: string; readonly id: string };

export type AwsCredentials =
  | { readonly kind: "default" }
  | { readonly kind: "basic"; readonly accessKeyId: string; readonly secretAccessKey: string }
  | { readonly kind: "profile"; readonly profileName: string; readonly profilePath: string | null };
