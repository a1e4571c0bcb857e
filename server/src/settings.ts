import { join, resolve } from "node:path";
import { byteSizeExamples, formatByteSize, parseByteSize } from "./module/byte-size.js";
import { durationExamples, formatDuration, parseDuration } from "./module/duration.js";
import { hostAndPortSyntax, isHostAndPort } from "./module/host-and-port.js";

/**
 * Every knob of the runtime. A knob's name carries its unit; its flag, its environment name and its
 * key in statewire.yaml follow from the name.
 */
const definitions = {
  dataDir: directory("./.statewire", "Where the node keeps its state. One node at a time."),
  grpc: listenAddress(
    "127.0.0.1:7410",
    "Where the gRPC API listens; port 0: any free one. The other verbs call the node there.",
  ),
  http: listenAddress(
    "127.0.0.1:7411",
    "Where HTTP listens: ingress, health and metrics; port 0: any free one.",
  ),
  grpcCertFile: file(
    "The certificate of the gRPC API, PEM. Not set: clear text. The other verbs show it to the node.",
  ),
  grpcKeyFile: file("The key of grpcCertFile, PEM."),
  grpcCaFile: file(
    "Who has to have signed the certificates of those that call the gRPC API, PEM. Not set: they need none. The other verbs verify the node by it.",
  ),
  checkpointStore: store("Where checkpoints go."),
  checkpointLineage: name(
    "Names the history of checkpoints that the node goes on with. Not set: that of dataDir, else main.",
  ),
  checkpointIntervalMs: milliseconds(
    { default: "1 min", min: "100 ms", max: "24 day" },
    "Between two checkpoints, if anything has changed.",
  ),
  checkpointBytes: bytes(
    { default: "64 MiB", min: "64 KiB", max: "64 GiB" },
    "Changes that no checkpoint holds, at which the next one begins early.",
  ),
  checkpointBacklogBytes: bytes(
    { default: "1 GiB", min: "1 MiB", max: "1024 GiB" },
    "Changes kept on disk for checkpoints that are late. Above it, the next one is a whole image.",
  ),
  checkpointsKept: count(
    { default: 10, min: 1, max: 100_000 },
    "Checkpoints that stay, however old.",
  ),
  checkpointRetentionMs: milliseconds(
    { default: "1 hour", min: "0 ms", max: "3650 day" },
    "Checkpoints younger than this stay, however many.",
  ),
  s3Endpoint: url(
    "The S3 service, such as https://minio.example.com:9000. Not set: AWS in s3Region.",
  ),
  s3Region: name("The region of the bucket. Not set: AWS_REGION, else us-east-1."),
  s3Addressing: choice(
    ["path", "host"],
    { default: "path", placeholder: "STYLE" },
    "Whether the bucket's name is in the path or in the host name. For AWS it is always the host name.",
  ),
  s3TimeoutMs: milliseconds(
    { default: "30 sec", min: "100 ms", max: "10 min" },
    "A connection to the S3 service on which nothing moves for so long is cut.",
  ),
  logLevel: choice(
    ["trace", "debug", "info", "warn", "error"],
    { default: "info", placeholder: "LEVEL" },
    "The least level logged: trace, debug, info, warn or error.",
  ),
  logFormat: choice(
    ["auto", "json", "text"],
    { default: "auto", placeholder: "FORMAT" },
    "How the log looks: json, text or auto (text on a terminal, else json).",
  ),
  valueBytesMax: bytes(
    { default: "1 MiB", min: "1 KiB", max: "128 MiB" },
    "Largest value of a message, a state, an egress record or a reply.",
  ),
  frameBytesMax: bytes(
    { default: "4 MiB", min: "16 KiB", max: "512 MiB" },
    "Largest frame on a function server's stream. At least four times valueBytesMax.",
  ),
  idBytesMax: count(
    { default: 512, min: 16, max: 1024 },
    "Longest instance id, in bytes of UTF-8. The tables' keys allow no more than 1024.",
  ),
  effectsMax: count(
    { default: 10_000, min: 1, max: 1_000_000 },
    "Sends, timer changes and egress records that one invocation may cause.",
  ),
  requestBytesMax: bytes(
    { default: "4 MiB", min: "16 KiB", max: "512 MiB" },
    "Largest request to the gRPC API or to the HTTP ingress. At least valueBytesMax.",
  ),
  recordBytesMax: bytes(
    { default: "16 MiB", min: "1 KiB", max: "512 MiB" },
    "Largest record that a file ingress reads.",
  ),
  streamMessagesMax: count(
    { default: 8192, min: 1, max: 1_000_000 },
    "Messages of one SendStream that may wait for their acknowledgement; the rest are not read.",
  ),
  admissionTimeoutMs: milliseconds(
    { default: "5 sec", min: "1 ms", max: "1 hour" },
    "How long a request waits while the node is full, before it is refused.",
  ),
  admissionWaitingMax: count(
    { default: 1024, min: 0, max: 1_000_000 },
    "Requests that may wait at a time while the node is full; more are refused at once.",
  ),
  admissionBytesMax: bytes(
    { default: "16 MiB", min: "1 KiB", max: "64 GiB" },
    "What requests that wait while the node is full may hold in memory; more are refused at once.",
  ),
  callTimeoutMs: milliseconds(
    { default: "1 min", min: "1 ms", max: "1 day" },
    "How long a call by HTTP waits for its reply when it does not say.",
  ),
  idempotencyRetentionMs: milliseconds(
    { default: "1 day", min: "1 sec", max: "90 day" },
    "How long the idempotency key of a request is remembered.",
  ),
  invocationTimeoutMs: milliseconds(
    { default: "1 min", min: "1 ms", max: "1 day" },
    "How long one invocation may take, unless its endpoint says otherwise.",
  ),
  attemptsMax: count(
    { default: 70, min: 0, max: 1_000_000 },
    "Failed attempts at a message before it is given up, unless its endpoint says otherwise; " +
      "0: no limit.",
  ),
  batchMax: count(
    { default: 1000, min: 1, max: 100_000 },
    "Messages of one address in one invocation, unless its endpoint says otherwise.",
  ),
  backlogBytesMax: bytes(
    { default: "96 MiB", min: "1 MiB", max: "64 GiB" },
    "Memory of messages, timers and records, with their objects. Above it, ingress waits; from a " +
      "quarter of it on, all that need not be in memory leaves it.",
  ),
  journalSegmentBytes: bytes(
    { default: "16 MiB", min: "1 MiB", max: "4 GiB" },
    "Size of one file of the journal. Allocated in full.",
  ),
  foldJournalBytes: bytes(
    { default: "256 MiB", min: "1 MiB", max: "64 GiB" },
    "Journal that is not in the tables yet. Above it, ingress waits for the fold.",
  ),
  drainTimeoutMs: milliseconds(
    { default: "30 sec", min: "0 ms", max: "1 hour" },
    "How long a stopping node waits for invocations in flight.",
  ),
};

export type SettingName = keyof typeof definitions;

/** The heads of the help, each before the first setting that stands under it. */
const groupHeads: Partial<Readonly<Record<SettingName, string>>> = {
  dataDir: "Places",
  checkpointStore: "Checkpoints",
  logLevel: "Log",
  valueBytesMax: "Largest sizes",
  streamMessagesMax: "Requests",
  invocationTimeoutMs: "Invocations",
  backlogBytesMax: "Memory and disk",
  drainTimeoutMs: "Stopping",
};

/** The settings of one node: checked, complete, paths absolute. */
export type Settings = {
  readonly [Name in SettingName]: ValueOf<(typeof definitions)[Name]>;
};

type ValueOf<Definition> = Definition extends SettingDefinition<infer Value> ? Value : never;

/** One knob. */
export interface SettingDefinition<Value> {
  /** As it may be written. */
  readonly default: string;
  /** What is valid, for the table and for messages. */
  readonly valid: string;
  /** What stands for the value in the help: "HOST:PORT". */
  readonly placeholder: string;
  readonly description: string;
  /**
   * Reads a value as a user writes it. `folder` is where relative paths start.
   * @returns The value, or what is wrong: what completes `valueBytesMax is "5"`.
   */
  readonly parse: (written: unknown, folder: string) => Parsed<Value>;
  /** A value for people, a number in its units: "1 MiB (1048576 bytes)". */
  readonly format: (value: Value) => string;
}

export type Parsed<Value> =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "wrong"; readonly message: string };

export const settingNames = Object.keys(definitions) as readonly SettingName[];

export function definitionOf(name: SettingName): SettingDefinition<string | number> {
  return definitions[name] as SettingDefinition<string | number>;
}

/** The head under which a setting stands in the help. */
export function groupOf(name: SettingName): string {
  const upTo = settingNames.slice(0, settingNames.indexOf(name) + 1);
  return upTo.reduce((head, each) => groupHeads[each] ?? head, "");
}

/** "--value-bytes-max". */
export function flagOf(name: SettingName): string {
  return `--${words(name).join("-")}`;
}

/** "STATEWIRE_VALUE_BYTES_MAX". */
export function environmentNameOf(name: SettingName): string {
  return `STATEWIRE_${words(name).join("_").toUpperCase()}`;
}

function words(name: SettingName): string[] {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(" ");
}

/** Settings cannot be used. Holds every problem, not only the first. */
export class SettingsError extends Error {
  readonly problems: readonly string[];
  /** Those settings that were given and are right. */
  readonly readable: Partial<Settings>;

  constructor(problems: readonly string[], readable: Partial<Settings>) {
    super(problems.join("\n"));
    this.name = "SettingsError";
    this.problems = problems;
    this.readable = readable;
  }
}

/** Where each setting that is given was written, for messages: "--grpc", "STATEWIRE_GRPC". */
export type SettingOrigins = Partial<Readonly<Record<SettingName, string>>>;

/**
 * The settings with defaults for what is not given, paths resolved from the working directory.
 * @throws SettingsError when the given values contradict one another.
 */
export function completeSettings(given: Partial<Settings>, origins: SettingOrigins = {}): Settings {
  const defaults = settingNames.map((name) => {
    const { default: written, parse } = definitionOf(name);
    const parsed = parse(written, ".");
    if (parsed.kind === "wrong") throw new Error(`default of ${name} ${parsed.message}`);
    return [name, parsed.value];
  });
  const settings = { ...(Object.fromEntries(defaults) as Settings), ...given };
  const problems = contradictions(settings, origins);
  if (problems.length > 0) throw new SettingsError(problems, given);
  if (settings.checkpointStore !== "") return settings;
  return { ...settings, checkpointStore: `file:${join(settings.dataDir, "checkpoints")}` };
}

/** A frame has room for a value, what belongs to it, and an address's states. [LIMIT-9] */
const valuesPerFrame = 4;

function contradictions(settings: Settings, origins: SettingOrigins): string[] {
  const { valueBytesMax, frameBytesMax, requestBytesMax } = settings;
  const problems: string[] = [];
  const describe = (name: SettingName): string =>
    `${name} ${definitionOf(name).format(settings[name])} [${origins[name] ?? "default"}]`;
  const refuse = (name: SettingName, needed: number, allowed: number, bound: string): void => {
    problems.push(
      `${describe("valueBytesMax")} exceeds ${bound}${describe(name)}: set ${name} to ` +
        `${formatByteSize(needed)} or more, or valueBytesMax to ${formatByteSize(allowed)} or less`,
    );
  };
  if (valueBytesMax > frameBytesMax / valuesPerFrame) {
    const allowed = Math.floor(frameBytesMax / valuesPerFrame);
    refuse("frameBytesMax", valueBytesMax * valuesPerFrame, allowed, "a quarter of ");
  }
  if ((settings.grpcCertFile === "") !== (settings.grpcKeyFile === "")) {
    const [has, lacks] =
      settings.grpcKeyFile === ""
        ? (["grpcCertFile", "grpcKeyFile"] as const)
        : (["grpcKeyFile", "grpcCertFile"] as const);
    problems.push(`${describe(has)} is set without ${lacks}: set both or neither`);
  }
  if (valueBytesMax > requestBytesMax)
    refuse("requestBytesMax", valueBytesMax, requestBytesMax, "");
  return problems;
}

function directory(written: string, description: string): SettingDefinition<string> {
  return {
    default: written,
    valid: "a path",
    placeholder: "DIR",
    description,
    parse: (value, folder) =>
      typeof value === "string" && value !== ""
        ? { kind: "value", value: resolve(folder, value) }
        : { kind: "wrong", message: "expected the path of a directory" },
    format: String,
  };
}

function file(description: string): SettingDefinition<string> {
  return {
    default: "",
    valid: "a path",
    placeholder: "FILE",
    description,
    parse: (value, folder) => {
      if (typeof value !== "string")
        return { kind: "wrong", message: "expected the path of a file" };
      return { kind: "value", value: value === "" ? "" : resolve(folder, value) };
    },
    format: String,
  };
}

function listenAddress(written: string, description: string): SettingDefinition<string> {
  return {
    default: written,
    valid: hostAndPortSyntax.replaceAll('"', ""),
    placeholder: "HOST:PORT",
    description,
    parse: (value) =>
      typeof value === "string" && isHostAndPort(value, 0)
        ? { kind: "value", value }
        : { kind: "wrong", message: `expected ${hostAndPortSyntax}` },
    format: String,
  };
}

function store(description: string): SettingDefinition<string> {
  const valid = "file:DIR or s3://bucket/prefix";
  return {
    default: "",
    valid,
    placeholder: "URL",
    description: `${description} Not set: the folder checkpoints in dataDir.`,
    parse: (value, folder) => {
      if (value === "") return { kind: "value", value };
      const text = typeof value === "string" ? value : "";
      const path = /^file:(.+)$/.exec(text)?.[1];
      if (path !== undefined) return { kind: "value", value: `file:${resolve(folder, path)}` };
      if (/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/[^@]*)?$/.test(text))
        return { kind: "value", value: text };
      return { kind: "wrong", message: `expected ${valid}` };
    },
    format: String,
  };
}

function name(description: string): SettingDefinition<string> {
  return {
    default: "",
    valid: "letters, digits and -",
    placeholder: "NAME",
    description,
    parse: (value) =>
      typeof value === "string" && /^([a-z0-9][a-z0-9-]{0,62})?$/.test(value)
        ? { kind: "value", value }
        : { kind: "wrong", message: "expected lower-case letters, digits and -, at most 63" },
    format: String,
  };
}

function url(description: string): SettingDefinition<string> {
  const valid = "http://HOST:PORT or https://HOST:PORT";
  return {
    default: "",
    valid,
    placeholder: "URL",
    description,
    parse: (value) => {
      const text = typeof value === "string" ? value : "";
      if (text === "") return { kind: "value", value: text };
      const parsed = URL.canParse(text) ? new URL(text) : undefined;
      const isHttp = parsed?.protocol === "http:" || parsed?.protocol === "https:";
      if (isHttp && parsed.pathname === "/" && parsed.username === "" && parsed.search === "") {
        return { kind: "value", value: parsed.origin };
      }
      return { kind: "wrong", message: `expected ${valid}` };
    },
    format: String,
  };
}

function choice<const Choice extends string>(
  choices: readonly Choice[],
  { default: written, placeholder }: { readonly default: Choice; readonly placeholder: string },
  description: string,
): SettingDefinition<Choice> {
  return {
    default: written,
    valid: choices.join(", "),
    placeholder,
    description,
    parse: (value) => {
      const found = choices.find((name) => name === value);
      if (found !== undefined) return { kind: "value", value: found };
      return { kind: "wrong", message: `expected one of ${choices.join(", ")}` };
    },
    format: String,
  };
}

interface Bounds<Written> {
  readonly default: Written;
  readonly min: Written;
  readonly max: Written;
}

function bytes(bounds: Bounds<string>, description: string): SettingDefinition<number> {
  return number(bounds, description, {
    placeholder: "BYTES",
    noun: "a size",
    examples: `, such as ${byteSizeExamples}`,
    read: parseByteSize,
    format: formatByteSize,
  });
}

function milliseconds(bounds: Bounds<string>, description: string): SettingDefinition<number> {
  return number(bounds, description, {
    placeholder: "DURATION",
    noun: "a duration",
    examples: `, such as ${durationExamples}`,
    read: parseDuration,
    format: formatDuration,
  });
}

function count(bounds: Bounds<number>, description: string): SettingDefinition<number> {
  return number(bounds, description, {
    placeholder: "N",
    noun: "a whole number",
    examples: "",
    read: (value) => {
      const isWritten = typeof value === "string" || typeof value === "number";
      return isWritten && /^\d{1,15}$/.test(String(value)) ? Number(value) : undefined;
    },
    format: String,
  });
}

interface NumberSyntax {
  readonly placeholder: string;
  readonly noun: string;
  /** How it may be written, where that is not plain. */
  readonly examples: string;
  readonly read: (value: unknown) => number | undefined;
  readonly format: (value: number) => string;
}

function number(
  bounds: Bounds<string | number>,
  description: string,
  { placeholder, noun, examples, read, format }: NumberSyntax,
): SettingDefinition<number> {
  const min = read(bounds.min) ?? 0;
  const max = read(bounds.max) ?? 0;
  const expected = `expected ${noun} from ${format(min)} to ${format(max)}`;
  return {
    default: String(bounds.default),
    valid: `${bounds.min} to ${bounds.max}`,
    placeholder,
    description,
    parse: (written) => {
      const value = read(written);
      if (value === undefined) return { kind: "wrong", message: `${expected}${examples}` };
      if (value >= min && value <= max) return { kind: "value", value };
      // A value with a unit, or without one where there are units, is shown in the unit that counts.
      const shown = format(value) === String(written) ? "" : `that is ${format(value)}, `;
      return { kind: "wrong", message: `${shown}${expected}` };
    },
    format,
  };
}
