import type { SecretText } from "./secret-text.js";
import type { ConnectorSpec } from "./statefun/connectors.js";
import type { RecordTemplate } from "./template.js";

/**
 * What module.yaml says: which function servers there are, where messages come from and where
 * records go. Plain values, checked, with every default filled in, paths absolute, durations in
 * milliseconds. Functions and ids are unique: no two components bind the same one.
 */
export interface Module {
  readonly endpoints: readonly EndpointSpec[];
  readonly ingresses: readonly IngressSpec[];
  readonly egresses: readonly EgressSpec[];
  /** What this version checks, and cannot run. */
  readonly connectors: readonly ConnectorSpec[];
}

export type EndpointSpec = GrpcEndpointSpec | HttpEndpointSpec;
export type IngressSpec = FileIngressSpec | PlaygroundIngressSpec;
export type EgressSpec =
  | FileEgressSpec
  | HttpEgressSpec
  | StdoutEgressSpec
  | GrpcEgressSpec
  | PlaygroundEgressSpec;

/** Where a component is written, for messages about it. Line and column count from 1. */
export interface SourcePosition {
  /** As the user named the file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Function servers that the runtime dials, or that dial it. */
export interface GrpcEndpointSpec {
  readonly kind: "statewire.endpoints.v1/grpc";
  readonly source: SourcePosition;
  /** "namespace/type" or "namespace/*"; at least one. */
  readonly functions: readonly string[];
  /**
   * "host:port", or "unix:/path"; no two the same. Each serves all the functions. None: the function
   * servers dial the runtime.
   */
  readonly addresses: readonly string[];
  /** Null: plain text. */
  readonly tls: TlsSpec | null;
  /**
   * The metadata of this name, which the runtime sends to servers that it dials, and which servers
   * that dial in have to send; null: none.
   */
  readonly authorization: SecretText | null;
  /** Of an invocation that failed; its waits are those between attempts to connect, too. */
  readonly retry: RetryPolicy;
  /** How long one invocation may take; null: the setting invocationTimeoutMs. */
  readonly timeoutMs: number | null;
  /** Messages in one invocation; null: the setting batchMax. */
  readonly batchMax: number | null;
}

/** Function servers that answer StateFun's request-reply protocol over HTTP. */
export interface HttpEndpointSpec {
  /** Version 1 has no `transport` and always the rules of okhttp. */
  readonly kind: "io.statefun.endpoints.v1/http" | "io.statefun.endpoints.v2/http";
  readonly source: SourcePosition;
  /** "namespace/type" or "namespace/*"; one. */
  readonly functions: readonly string[];
  /**
   * Of http or https; "http+unix:" and "https+unix:" have the path of a socket, which ends in ".sock", before
   * that of the URL. "{function.name}" stands for the type's name without its namespace.
   */
  readonly urlTemplate: string;
  readonly transport: HttpTransportSpec;
  /** Of an invocation whose transport has given up. */
  readonly retry: RetryPolicy;
  /** Messages in one invocation; null: the setting batchMax. */
  readonly batchMax: number | null;
}

/** How requests to an HTTP endpoint are made, and what is tried again within one invocation. */
export interface HttpTransportSpec {
  /** Which of StateFun's clients it stands for: they differ in what they try again. */
  readonly kind: "async" | "okhttp";
  /** For one invocation, with everything that is tried again. */
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Nothing arrives for so long: the attempt has failed. Null: it may take all of callTimeoutMs. */
  readonly readTimeoutMs: number | null;
  /** A connection is not used again when it is this old; 0: it stays. */
  readonly connectionTtlMs: number;
  /** Connections to one function type. */
  readonly connectionsMax: number;
  /** Of a request, and of an answer once it is unpacked. */
  readonly payloadBytesMax: number;
  readonly tls: HttpTlsSpec;
}

/** Absolute paths of PEM files. A certificate and its key come together or not at all. */
export interface HttpTlsSpec {
  /** Null: the authorities of the system. */
  readonly trustFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Holds the password of the key. Null: it has none. */
  readonly keyPasswordFile: string | null;
}

/** Paths are absolute. A certificate and its key come together or not at all. */
export interface TlsSpec {
  /** Authorities that the server's certificate is checked against; null: those of the system. */
  readonly caFile: string | null;
  /** What the runtime shows the server; null: nothing. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** The name in the server's certificate, when it is not the address's host. */
  readonly serverName: string | null;
}

/**
 * The wait before attempt n (from 1) is min(maxBackoffMs, initialBackoffMs * factor^(n-1)), less
 * up to `jitter` of it at random.
 */
export interface BackoffPolicy {
  readonly initialBackoffMs: number;
  /** Not less than initialBackoffMs. */
  readonly maxBackoffMs: number;
  /** 1 or more. */
  readonly factor: number;
  /** 0 to 1. */
  readonly jitter: number;
}

/** What happens to a message that fails. */
export interface RetryPolicy extends BackoffPolicy {
  /** Failed attempts before the message is given up; 0: no limit; null: the setting attemptsMax. */
  readonly attemptsMax: number | null;
  /**
   * The egress of the module that a message goes to when it is given up, "namespace/name". Null: its
   * address is parked.
   */
  readonly deadLetterEgress: string | null;
}

/**
 * Targets that a file ingress may have. It is part of every position that a data directory keeps:
 * it never changes.
 */
export const fileTargetsMax = 64;

/** Reads a file's records in order; each record becomes one message for each target. */
export interface FileIngressSpec {
  readonly kind: "statewire.file.v1/ingress";
  readonly source: SourcePosition;
  /** "namespace/name". The position in the file is kept under this id. */
  readonly id: string;
  /** Absolute. It need not exist yet. */
  readonly path: string;
  readonly format: FileIngressFormat;
  /** True: wait for more records at the end of the file. Never with format json. */
  readonly follow: boolean;
  /** What happens at a record that cannot be read or lacks a field that a target names. */
  readonly invalidRecords: "fail" | "skip";
  /** At least one, at most fileTargetsMax. To add one at the end later on loses and doubles nothing. */
  readonly targets: readonly FileTarget[];
}

export type FileIngressFormat =
  /** One JSON value per line; empty lines are passed over. */
  | { readonly kind: "ndjson" }
  /** One JSON array; each element is a record. */
  | { readonly kind: "json" }
  | CsvFormat;

/** A record is an object of its columns; every value is a string. */
export interface CsvFormat {
  readonly kind: "csv";
  /** One character. */
  readonly delimiter: string;
  /** One character. */
  readonly quote: string;
  /** Null: the first line names the columns. */
  readonly columns: readonly string[] | null;
}

export interface FileTarget {
  /** Gives "namespace/type". When it has fields, its result is checked for each record. */
  readonly function: RecordTemplate;
  readonly id: RecordTemplate;
  /**
   * Typename of the message. The six built-in types (io.statefun.types/...) are encoded as such,
   * from a JSON value or a column's text; every other one is the value as JSON text in UTF-8.
   */
  readonly valueType: string;
  readonly value: FileTargetValue;
}

export type FileTargetValue =
  | { readonly kind: "record" }
  /** One field as it is, not as text. */
  | { readonly kind: "field"; readonly path: readonly string[] }
  /** A string. */
  | { readonly kind: "text"; readonly template: RecordTemplate };

/** What a record waits for before it leaves: the disk of this machine, or a checkpoint that has it. */
export type EgressWait = "local" | "checkpoint";

/** Appends records to a file, exactly once. */
export interface FileEgressSpec {
  readonly kind: "statewire.file.v1/egress";
  readonly source: SourcePosition;
  /** "namespace/name". */
  readonly id: string;
  /** Absolute. Created with the first record; its folder too. */
  readonly path: string;
  readonly format: RecordFormat;
  readonly waitFor: EgressWait;
}

/** Prints records on standard output, at least once. */
export interface StdoutEgressSpec {
  readonly kind: "statewire.stdout.v1/egress";
  readonly source: SourcePosition;
  readonly id: string;
  readonly format: RecordFormat;
  readonly waitFor: EgressWait;
}

/** How a record becomes bytes in a file or on standard output. */
export type RecordFormat =
  /**
   * A line of JSON: {"sequence","typename","value"}. A built-in value is its JSON value, JSON is
   * as it is, other text a string, no value null; for other bytes "base64" takes the place of
   * "value".
   */
  | { readonly kind: "ndjson" }
  /** A built-in value's text, or the value's bytes as they are; then the separator. */
  | { readonly kind: "raw"; readonly separator: string }
  /**
   * The template's text, then a line feed. Its fields: "value" (what ndjson prints; "value.a.b"
   * goes into it), "typename", "sequence", "source.type", "source.id".
   */
  | { readonly kind: "template"; readonly template: RecordTemplate };

/** Posts records to a web server, at least once; a repeated record carries the same id header. */
export interface HttpEgressSpec {
  readonly kind: "statewire.http.v1/egress";
  readonly source: SourcePosition;
  readonly id: string;
  /** http or https. */
  readonly url: SecretText;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, SecretText>;
  /** For one request. */
  readonly timeoutMs: number;
  /** Without end. */
  readonly retry: BackoffPolicy;
  /**
   * Records in one request. 1: the body is what format raw writes. More: the body is a JSON array of
   * what format ndjson prints, even when it holds one record.
   */
  readonly batchMax: number;
  /**
   * What happens at an answer that says that trying again is no use (a 4xx other than 408, 425 and
   * 429, or a redirection): this egress stops, or it goes on without the records and logs them.
   */
  readonly rejectedRecords: "stop" | "drop";
  readonly waitFor: EgressWait;
}

/** Records leave by the gRPC service statewire.v1.Egress. */
export interface GrpcEgressSpec {
  readonly kind: "statewire.grpc.v1/egress";
  readonly source: SourcePosition;
  readonly id: string;
  readonly waitFor: EgressWait;
}

/** Takes messages by HTTP on a port of its own, as StateFun's playground does. */
export interface PlaygroundIngressSpec {
  readonly kind: "io.statefun.playground.v1/ingress";
  readonly source: SourcePosition;
  readonly id: "io.statefun.playground/ingress";
  /** 0: any that is free. */
  readonly port: number;
}

/** Keeps records, by topic, until somebody gets them by HTTP, one at a time. */
export interface PlaygroundEgressSpec {
  readonly kind: "io.statefun.playground.v1/egress";
  readonly source: SourcePosition;
  readonly id: "io.statefun.playground/egress";
  /** 0: any that is free. */
  readonly port: number;
  /** At least one, no two the same. */
  readonly topics: readonly string[];
  readonly waitFor: EgressWait;
}
