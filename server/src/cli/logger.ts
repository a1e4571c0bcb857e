import type { Writable } from "node:stream";
import { type DestinationStream, destination, type Logger, pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Settings } from "../settings.js";
import type { Terminal } from "./terminal.js";

/** Fields whose value is a secret wherever they are logged. */
const secretFields = ["authorization", "cookie", "password", "secret", "secretKey", "accessKey"];

/**
 * The log of one process, on standard error. Every line is written before the call returns, so that
 * the last words of a node that ends are not lost.
 */
export function createLogger(
  settings: Pick<Settings, "logLevel" | "logFormat">,
  { stderr, environment }: Terminal,
): Logger {
  const isText = settings.logFormat === "text" || (settings.logFormat === "auto" && stderr.isTTY);
  const redacted = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = {
    level: settings.logLevel,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: redacted, censor: "(hidden)" },
  };
  if (!isText) return pino(options, openStream(stderr));
  const pretty = PinoPretty({
    destination: openStream(stderr),
    sync: true,
    colorize: stderr.isTTY === true && !environment["NO_COLOR"],
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
  });
  return pino(options, pretty);
}

function openStream(stderr: Writable): DestinationStream {
  return stderr === process.stderr ? destination({ fd: 2, sync: true }) : stderr;
}
