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

/** Adds the flags of settings, and --config. All of them are many: they stand in groups. */
export function addSettingOptions(
  command: Command,
  names: readonly SettingName[] = settingNames,
): Command {
  for (const name of names) {
    const { placeholder, description, default: written } = definitionOf(name);
    const text = written === "" ? description : `${description} (default: ${written})`;
    const option = new Option(`${flagOf(name)} <${placeholder}>`, text);
    if (names === settingNames) option.helpGroup(`${groupOf(name)}:`);
    command.addOption(option);
  }
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
