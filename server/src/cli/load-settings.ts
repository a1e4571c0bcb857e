import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { cut, describeValue } from "../module/field.js";
import { formatPosition, formatProblem } from "../module/module-problem.js";
import { nearestName } from "../module/nearest-name.js";
import { problemsMax, readYaml, type YamlDocument } from "../module/yaml-document.js";
import { readYamlText } from "../module/yaml-text.js";
import {
  completeSettings,
  definitionOf,
  environmentNameOf,
  flagOf,
  type SettingName,
  type Settings,
  SettingsError,
  settingNames,
} from "../settings.js";

/** Where settings come from. */
export interface SettingSources {
  /** By name, as written on the command line. */
  readonly flags: Partial<Readonly<Record<SettingName, string>>>;
  /** The process's environment; only the names that begin with STATEWIRE_ are looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** What --config names. Not given: STATEWIRE_CONFIG, or statewire.yaml when there is one. */
  readonly configFile?: string | undefined;
}

/** The environment's name for --config. */
export const configEnvironmentName = "STATEWIRE_CONFIG";

const configFileDefault = "statewire.yaml";

/**
 * The settings from flags, else the environment, else the configuration file, else defaults.
 * @throws SettingsError with every problem of every source.
 */
export function loadSettings(sources: SettingSources): Settings {
  const { workingDirectory } = sources;
  const found: Partial<Record<SettingName, string | number>> = {};
  const origins: Partial<Record<SettingName, string>> = {};
  const problems: string[] = [];
  const take = (name: SettingName, written: unknown, { folder, origin }: Place): void => {
    const parsed = definitionOf(name).parse(written, folder);
    if (parsed.kind === "wrong") {
      problems.push(`${origin}: ${name} ${describeValue(written)}: ${parsed.message}`);
      return;
    }
    found[name] = parsed.value;
    origins[name] = origin;
  };
  // The weakest source comes first: a later one overwrites it.
  takeFile(sources, take, problems);
  takeEnvironment(sources, take, problems);
  for (const [name, written] of Object.entries(sources.flags) as [SettingName, string][]) {
    take(name, written, { folder: workingDirectory, origin: flagOf(name) });
  }
  if (problems.length > 0) throw new SettingsError(problems, found as Partial<Settings>);
  found.dataDir ??= resolve(workingDirectory, definitionOf("dataDir").default);
  return completeSettings(found as Partial<Settings>, origins);
}

/** Where a value is written. */
interface Place {
  /** Where relative paths start. */
  readonly folder: string;
  /** For messages: a flag, a variable, or a line of a file. */
  readonly origin: string;
}

type Take = (name: SettingName, written: unknown, place: Place) => void;

function takeEnvironment(
  { environment, workingDirectory }: SettingSources,
  take: Take,
  problems: string[],
): void {
  const byEnvironmentName = new Map(settingNames.map((name) => [environmentNameOf(name), name]));
  for (const [environmentName, written] of Object.entries(environment)) {
    // An empty variable is how containers say that there is none.
    if (!environmentName.startsWith("STATEWIRE_") || written === undefined || written === "")
      continue;
    if (environmentName === configEnvironmentName) continue;
    const name = byEnvironmentName.get(environmentName);
    if (name === undefined) {
      const names = [...byEnvironmentName.keys(), configEnvironmentName];
      problems.push(`${environmentName}: unknown setting${suggestSetting(environmentName, names)}`);
      continue;
    }
    take(name, written, { folder: workingDirectory, origin: environmentName });
  }
}

function takeFile(sources: SettingSources, take: Take, problems: string[]): void {
  const file = findConfigFile(sources);
  if (file === undefined) return;
  let text: string;
  try {
    text = readYamlText(resolve(sources.workingDirectory, file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push(`${file} cannot be read: ${reason}`);
    return;
  }
  const yaml = readYaml(file, text);
  problems.push(...yaml.problems.map(formatProblem));
  const folder = dirname(resolve(sources.workingDirectory, file));
  for (const document of yaml.documents) takeDocument(document, { folder, take, problems });
}

function findConfigFile({ configFile, environment, workingDirectory }: SettingSources) {
  const named = configFile ?? environment[configEnvironmentName];
  if (named !== undefined && named !== "") return named;
  return existsSync(join(workingDirectory, configFileDefault)) ? configFileDefault : undefined;
}

function takeDocument(
  document: YamlDocument,
  { folder, take, problems }: { folder: string; take: Take; problems: string[] },
): void {
  const { value } = document;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = `the document ${describeValue(value)}: expected settings, one "name: value" a line`;
    problems.push(formatProblem({ position: document.locate([]), message }));
    return;
  }
  for (const [key, written] of Object.entries(value)) {
    if (problems.length >= problemsMax) return;
    const name = settingNames.find((known) => known === key);
    const position = document.locateKey([], key);
    if (name === undefined) {
      const message = `unknown setting ${cut(JSON.stringify(key))}${suggestSetting(key, settingNames)}`;
      problems.push(formatProblem({ position, message }));
      continue;
    }
    take(name, written, { folder, origin: formatPosition(position) });
  }
}

/** The nearest name; where none is near, there are too many to list them all. */
function suggestSetting(written: string, names: readonly string[]): string {
  const nearest = nearestName(written, names);
  if (nearest !== undefined) return `; did you mean ${JSON.stringify(nearest)}?`;
  return '; "statewire run --help" lists them';
}
