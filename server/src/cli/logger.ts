import { createRequire } from "node:module";
import type { Writable } from "node:stream";
import { type DestinationStream, destination, type Logger, pino } from "pino";
import type { Settings } from "../settings.js";
import type { Terminal } from "./terminal.js";

const require = createRequire(import.meta.url);

/** Fields whose value is a secret wherever they are logged. */
const secretFields = ["authorization", "cookie", "password", "secret", "secretKey", "accessKey"];

/**
 * The log of one process, on standard error. Every line is written before the call returns, so that
 * the last words of a node that ends are not lost.
 */
export function createLogger(
  settings: Pick<Settings, "logLevel" | "logFormat">,
  terminal: Terminal,
): Logger {
  const { stderr, environment } = terminal;
  const redacted = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = {
    level: settings.logLevel,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: "(hidden)" },
  };
  if (isJsonLog(settings, terminal)) return pino(options, openStream(stderr));
  // Loaded for people: a log for programs starts without it.
  const { PinoPretty } = require("pino-pretty") as typeof import("pino-pretty");
  const pretty = PinoPretty({
    destination: openStream(stderr),
    sync: true,
    colorize: stderr.isTTY === true && !environment["NO_COLOR"],
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
  return pino(options, pretty);
}

/** One line as a log in JSON has it, for verbs that have no log. */
export function formatLogLine(level: "info" | "fatal", message: string): string {
  return JSON.stringify({ level, time: new Date().toISOString(), msg: message });
}

/** Whether the log is lines of JSON. */
export function isJsonLog(
  { logFormat }: Pick<Settings, "logFormat">,
  { stderr }: Terminal,
): boolean {
  return logFormat === "json" || (logFormat === "auto" && stderr.isTTY !== true);
}

function openStream(stderr: Writable): DestinationStream {
  return stderr === process.stderr ? destination({ fd: 2, sync: true }) : stderr;
}
