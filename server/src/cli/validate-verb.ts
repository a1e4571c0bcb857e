import type { Command } from "commander";
import { loadModule } from "../module/load-module.js";
import type { Module } from "../module/module.js";
import { formatPosition, ModuleError, type ModuleProblem } from "../module/module-problem.js";
import { CommandError } from "./command-error.js";
import { describeModule, secretsOf } from "./describe-module.js";
import { note, print, type Terminal } from "./terminal.js";

/** Adds `validate`. */
export function addValidateVerb(program: Command, terminal: Terminal): void {
  const validate = program
    .command("validate <MODULE...>")
    .summary("check module files without running them")
    .description(
      "Checks module files as one module, as run would read them. Prints what they hold, or every " +
        "problem with its file, line and column. Warnings do not make a module wrong. Secrets are not looked up: their names are listed.",
    )
    .option("--json", "Print JSON, also about what is wrong.")
    .addHelpText("after", examples);
  validate.action((files: string[]) =>
    runValidate(files, validate.opts<{ readonly json?: boolean }>(), terminal),
  );
}

const examples = `
Examples:
  statewire validate module.yaml
  statewire validate base.yaml production.yaml --json | jq '.problems[]'`;

async function runValidate(
  files: readonly string[],
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  try {
    const { module, warnings } = loadModule(files, terminal.workingDirectory);
    if (options.json === true) return await print(terminal, formatValid(module, warnings));
    const secrets = secretsOf(module);
    const lines = describeModule(module);
    if (secrets.length > 0) lines.push(`secrets ${secrets.join(", ")}`);
    await print(terminal, [`${files.join(", ")}: valid`, ...lines].join("\n"));
    for (const { position, message } of warnings) {
      await note(terminal, `statewire: ${formatPosition(position)}: warning: ${message}`);
    }
  } catch (error) {
    if (!(error instanceof ModuleError) || options.json !== true) throw error;
    const problems = error.problems.map(toJson);
    await print(terminal, JSON.stringify({ valid: false, problems }));
    throw new CommandError("failed", "the module is not valid", { cause: error });
  }
}

function toJson({ position, message }: ModuleProblem) {
  return { ...position, message };
}

function formatValid(module: Module, warnings: readonly ModuleProblem[]): string {
  const { endpoints, ingresses, egresses, connectors } = module;
  return JSON.stringify({
    valid: true,
    endpoints: endpoints.map((endpoint) => ({
      kind: endpoint.kind,
      functions: endpoint.functions,
      addresses: "addresses" in endpoint ? endpoint.addresses : [endpoint.urlTemplate],
    })),
    ingresses: ingresses.map(({ kind, id }) => ({ kind, id })),
    egresses: egresses.map(({ kind, id }) => ({ kind, id })),
    connectors: connectors.map(({ kind, id }) => ({ kind, id })),
    secrets: secretsOf(module),
    warnings: warnings.map(toJson),
  });
}
