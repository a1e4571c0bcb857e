import { type Command, InvalidArgumentError } from "commander";
import type { Logger } from "pino";
import { type CheckpointChoice, checkpointChoiceSyntax } from "../codec/checkpoint-choice.js";
import {
  type HostOverrides,
  hostOverrideSyntax,
  noOverrides,
  parseHostOverride,
} from "../module/host-overrides.js";
import { loadModule } from "../module/load-module.js";
import type { Module } from "../module/module.js";
import { formatPosition, formatProblem } from "../module/module-problem.js";
import { completeSettings, type Settings, SettingsError } from "../settings.js";
import { readChoice } from "./checkpoint-verbs.js";
import { CommandError, exitCode, exitCodeOf, isBug, problemsOf } from "./command-error.js";
import { describeModule, hostsOf, missingSecrets } from "./describe-module.js";
import { createLogger, isJsonLog } from "./logger.js";
import { addSettingOptions, readSettings } from "./settings-options.js";
import { print, type Terminal } from "./terminal.js";

/** A node that runs, as far as the command line has to do with it. */
export interface RunningNode {
  /** "host:port" where the gRPC API listens, with the port that was free. */
  readonly grpcAddress: string;
  /** As grpcAddress, for HTTP. */
  readonly httpAddress: string;
  /** As httpAddress, of the playground's "ingress" and "egress", if the module has them. */
  readonly playground: Readonly<Record<string, string>>;
  /** Resolves when the node has stopped; rejects on an error that it cannot go on from. */
  readonly closed: Promise<void>;
  /** Takes nothing new, finishes what is in flight within drainTimeoutMs, and stops. */
  drain(): Promise<void>;
}

/** Starts a node: recovers its state, opens its addresses, connects to its endpoints. */
export type StartNode = (options: {
  readonly settings: Settings;
  readonly module: Module;
  readonly logger: Logger;
  readonly hosts: HostOverrides;
  readonly restore: CheckpointChoice | null;
}) => Promise<RunningNode>;

interface RunOptions {
  readonly json?: boolean;
  readonly restore?: CheckpointChoice;
  readonly resolve?: HostOverrides;
}

/** Adds `run`. */
export function addRunVerb(program: Command, terminal: Terminal, startNode: StartNode): void {
  const run = program
    .command("run <MODULE...>")
    .summary("run a node")
    .description(
      "Runs a node with the endpoints, ingresses and egresses of module files. The log goes to " +
        "standard error. SIGTERM and SIGINT drain the node and end it; a second one ends it at once.",
    )
    .option("--json", "When the node runs, print its process id and addresses as a line of JSON.");
  run.option(
    "--restore <WHICH>",
    `Begin with a checkpoint, in an empty data directory: ${checkpointChoiceSyntax}. ` +
      "An empty data directory begins with the latest by itself.",
    readChoice,
  );
  run.option(
    "--resolve <HOST=ADDRESS>",
    "Where a host of the module is in truth: HOST=ADDRESS or HOST=ADDRESS:PORT, so that a module " +
      "made for containers runs locally. May be given for several hosts.",
    addOverride,
  );
  addSettingOptions(run)
    .addHelpText("after", examples)
    .action((files: string[]) => runNode(files, { options: run.opts(), terminal, startNode }));
}

const examples = `
Flags come before environment variables (--data-dir is STATEWIRE_DATA_DIR), those
before statewire.yaml (dataDir). BYTES is 65536 or "64 KiB", DURATION 500 (ms)
or "10 sec".

Examples:
  statewire run module.yaml
  statewire run base.yaml local.yaml --data-dir /var/lib/statewire --grpc 0.0.0.0:7410
  STATEWIRE_LOG_FORMAT=json statewire run module.yaml 2>> statewire.log`;

/** One more --resolve. */
function addOverride(text: string, earlier: HostOverrides = noOverrides): HostOverrides {
  const override = parseHostOverride(text);
  if (override === undefined) throw new InvalidArgumentError(`Expected ${hostOverrideSyntax}.`);
  if (earlier.has(override.host)) {
    throw new InvalidArgumentError(`${override.host} is given twice.`);
  }
  return new Map([...earlier, [override.host, override]]);
}

/** Says where hosts are, and warns of those that no endpoint names. */
function announceOverrides(hosts: HostOverrides, module: Module, logger: Logger): void {
  const known = hostsOf(module);
  for (const { host, address, port } of hosts.values()) {
    const place = port === null ? address : `${address}, port ${port}`;
    if (known.has(host)) logger.info(`host ${host} is ${place}`);
    else logger.warn(`--resolve ${host}: no endpoint is there; hosts: ${[...known].join(", ")}`);
  }
}

interface RunContext {
  readonly options: RunOptions;
  readonly terminal: Terminal;
  readonly startNode: StartNode;
}

async function runNode(files: readonly string[], context: RunContext): Promise<void> {
  const { options, terminal, startNode } = context;
  const { settings, module, logger } = await prepare(files, context);
  const hosts = options.resolve ?? noOverrides;
  announceOverrides(hosts, module, logger);
  const stop = listenForSignals(logger);
  try {
    const restore = options.restore ?? null;
    const node = await startNode({ settings, module, logger, hosts, restore });
    announce(node, { settings, module, logger });
    if (options.json === true) {
      const { grpcAddress, httpAddress, playground } = node;
      const addresses = { grpcAddress, httpAddress, playground };
      await print(terminal, JSON.stringify({ pid: process.pid, ...addresses }));
    }
    await runUntilStopped(node, stop.requested);
  } catch (error) {
    const message = logFatal(error, logger);
    const code = isFenced(error) ? "fenced" : "failed";
    throw new CommandError(code, message, { cause: error, isLogged: true });
  } finally {
    stop.release();
  }
  logger.info("stopped");
}

/** All that can be wrong before a node starts. Whoever reads its log as JSON reads this as JSON. */
async function prepare(files: readonly string[], { options, terminal }: RunContext) {
  let logging: Pick<Settings, "logLevel" | "logFormat"> = completeSettings({});
  try {
    const settings = readSettings({ ...options }, terminal);
    logging = settings;
    const { module, warnings } = loadModule(files, terminal.workingDirectory);
    const problems = [
      ...module.connectors.map(cannotRun),
      ...missingSecrets(module, terminal.environment),
    ];
    if (problems.length > 0) throw new CommandError("failed", problems.join("\n"));
    const logger = createLogger(settings, terminal);
    for (const warning of warnings) logger.warn(formatProblem(warning));
    return { settings, module, logger };
  } catch (error) {
    if (error instanceof SettingsError) logging = { ...logging, ...error.readable };
    if (!isJsonLog(logging, terminal)) throw error;
    const logger = createLogger(logging, terminal);
    for (const problem of problemsOf(error)) logger.fatal(problem);
    const code = exitCodeOf(error) === exitCode.usage ? "usage" : "failed";
    throw new CommandError(code, "the node did not start", { cause: error, isLogged: true });
  }
}

function cannotRun({ kind, id, source }: Module["connectors"][number]): string {
  return `${formatPosition(source)}: this version of statewire cannot run ${kind} ${id}`;
}

/** Another node has the checkpoint lineage. */
function isFenced(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "FENCED";
}

async function runUntilStopped(node: RunningNode, stopRequested: Promise<void>): Promise<void> {
  await Promise.race([node.closed, stopRequested.then(() => node.drain())]);
  await node.closed;
}

function announce(
  node: RunningNode,
  { settings, module, logger }: Omit<Parameters<StartNode>[0], "restore" | "hosts">,
): void {
  // The process that a shell knows may be npx, which does not hand signals on.
  logger.info(`process ${process.pid}: SIGTERM stops it`);
  const tls = settings.grpcCertFile === "" ? "" : " (TLS)";
  logger.info(`gRPC API on ${node.grpcAddress}${tls}`);
  logger.info(`HTTP on ${node.httpAddress}`);
  for (const [name, address] of Object.entries(node.playground)) {
    logger.info(`${name} of the playground on ${address}`);
  }
  logger.info(`data in ${settings.dataDir}`);
  for (const line of describeModule(module)) logger.info(line);
  logger.info(`checkpoints in ${settings.checkpointStore}`);
  if (module.endpoints.length === 0) logger.info("no endpoint: function servers have to dial in");
}

interface StopSignals {
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly requested: Promise<void>;
  readonly release: () => void;
}

/** From now until release(), a signal is a request to drain, and the next one ends the process. */
function listenForSignals(logger: Logger): StopSignals {
  const { promise, resolve } = withResolver();
  let isRequested = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isRequested) {
      logger.warn(`${signal} again: ending at once`);
      process.exit(1);
    }
    isRequested = true;
    logger.info(`${signal}: draining`);
    resolve();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  const release = (): void => {
    process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
  };
  return { requested: promise, release };
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The stack only helps with what nobody foresaw. */
function logFatal(error: unknown, logger: Logger): string {
  if (!(error instanceof Error)) {
    logger.fatal(String(error));
    return String(error);
  }
  logger.fatal(isBug(error) ? { err: error } : {}, error.message);
  return error.message;
}
