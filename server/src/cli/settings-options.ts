import { type Command, Option } from "commander";
import {
  definitionOf,
  flagOf,
  groupOf,
  type SettingName,
  type Settings,
  settingNames,
} from "../settings.js";
import { loadSettings } from "./load-settings.js";
import type { Terminal } from "./terminal.js";

/** Adds the flags of all settings, in their groups, and --config. */
export function addSettingOptions(command: Command): Command {
  for (const name of settingNames) {
    const { description } = definitionOf(name);
    command.addOption(createOption(name, description).helpGroup(`${groupOf(name)}:`));
  }
  const { outputError } = command.configureOutput();
  command.configureOutput({
    outputError: (text, write) => outputError?.(suggestFlag(text), write),
  });
  return addConfigOption(command);
}

/** Adds what a verb needs that asks a node: --grpc, its TLS, and --config, which may hold them. */
export function addNodeOptions(command: Command): Command {
  command.addOption(createOption("grpc", "The node's gRPC address."));
  command.addOption(createOption("grpcCaFile", "Who signs the node's certificate, PEM."));
  command.addOption(createOption("grpcCertFile", "The certificate that the node is shown, PEM."));
  command.addOption(createOption("grpcKeyFile", "Its key, PEM."));
  return addConfigOption(command);
}

/** Adds what a verb needs that works on a checkpoint store without a node. */
export function addStoreOptions(command: Command): Command {
  for (const name of storeSettings) {
    command.addOption(createOption(name, definitionOf(name).description));
  }
  return addConfigOption(command);
}

const storeSettings = [
  "checkpointStore",
  "checkpointLineage",
  "dataDir",
  "s3Endpoint",
  "s3Region",
  "s3Addressing",
  "s3TimeoutMs",
] as const satisfies readonly SettingName[];

function createOption(name: SettingName, description: string): Option {
  const { placeholder, default: written } = definitionOf(name);
  const text = written === "" ? description : `${description} (default: ${written})`;
  return new Option(`${flagOf(name)} <${placeholder}>`, text);
}

/** What is said of an unknown flag, and the flag that is meant when a setting has that name. */
function suggestFlag(problem: string): string {
  const written = /^error: unknown option '--(\w+)'$/m.exec(problem)?.[1];
  const name = settingNames.find((setting) => setting === written);
  return name === undefined ? problem : `${problem.trimEnd()}\n(Did you mean ${flagOf(name)}?)`;
}

function addConfigOption(command: Command): Command {
  return command.option(
    "--config <FILE>",
    "Settings file. (default: statewire.yaml when it exists)",
  );
}

/** The settings of a command whose options are parsed. */
export function readSettings(
  options: Readonly<Record<string, unknown>>,
  { environment, workingDirectory }: Terminal,
): Settings {
  const flags: Partial<Record<SettingName, string>> = {};
  for (const name of settingNames) {
    const written = options[name];
    if (typeof written === "string") flags[name] = written;
  }
  const { config } = options;
  const configFile = typeof config === "string" ? config : undefined;
  return loadSettings({ flags, environment, workingDirectory, configFile });
}
