import { Argument, Command, Option } from "commander";
import { languages } from "../init/write-skeleton.js";
import { tiers } from "../suite/data.js";
import type { InitFlags } from "./init-command.js";
import type { ProxyFlags } from "./proxy-command.js";
import type { RunFlags } from "./run-command.js";
import { kitVersion } from "./version.js";

// Each command is loaded when it is called: together they are several hundred files.

/** The command line. `exit` gets the exit code of a command that has ended. */
export function createProgram(exit: (code: number) => void): Command {
  const program = new Command("statewire-conformance")
    .description("Tells whether an SDK or a runtime keeps to the Statewire protocol.")
    .version(kitVersion)
    .exitOverride();
  runCommand(program, "sdk")
    .summary("test a function server")
    .description(
      "Starts COMMAND, which serves the interpreter (see INTERPRETER.md) at the address in\n" +
        "CONFORMANCE_ADDRESS, plays the runtime, and runs every case.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  statewire-conformance sdk -- python interpreter.py\n" +
        "  statewire-conformance sdk --select leases --select 'state/*zero*' -- ./interpreter\n" +
        "  statewire-conformance sdk --name my-sdk --json my-sdk.json --html matrix.html -- ./interpreter",
    )
    .action(async (command: string[], flags: RunFlags) => {
      const { runAgainst } = await import("./run-command.js");
      exit(await runAgainst("sdk", command, flags));
    });
  runCommand(program, "runtime")
    .summary("test a runtime")
    .description(
      "Starts COMMAND, a runtime that is told by the environment what RUNTIME.md says, plays function\n" +
        "servers and clients, kills it and starts it again, and runs every case.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  statewire-conformance runtime --name mine -- ./start-my-runtime.sh\n" +
        "  statewire-conformance runtime --select timers -- ./start-my-runtime.sh",
    )
    .action(async (command: string[], flags: RunFlags) => {
      const { runAgainst } = await import("./run-command.js");
      exit(await runAgainst("runtime", command, flags));
    });
  proxyCommand(program).action(async (flags: ProxyFlags) => {
    const { runProxy } = await import("./proxy-command.js");
    exit(await runProxy(flags));
  });
  addTools(program);
  return program;
}

/** What starts no subject. */
function addTools(program: Command): void {
  program
    .command("init")
    .summary("write the skeleton of a function server")
    .description(
      "Writes the beginning of an interpreter (see INTERPRETER.md) on raw gRPC: a server that shakes\n" +
        "hands, scripts that build and start it, and a README with the next steps. Overwrites nothing.",
    )
    .addOption(new Option("--lang <name>", "the language").choices(languages).makeOptionMandatory())
    .option(
      "--dir <folder>",
      "an empty folder, or one that is not there; default: interpreter-NAME",
    )
    .action(async (flags: InitFlags) => {
      const { initSkeleton } = await import("./init-command.js");
      initSkeleton(flags);
    });
  program
    .command("report")
    .summary("put reports side by side")
    .description("Makes one HTML page of the files that --json wrote: one column each.")
    .argument("<report...>", "files of --json")
    .requiredOption("--html <file>", "where the page goes; - is standard output")
    .action(async (paths: string[], flags: { html: string }) => {
      const { combineReports } = await import("./report-command.js");
      combineReports(paths, flags.html);
    });
  program
    .command("schema")
    .summary("print the schema of the suites")
    .description("Prints the JSON schema of the files in suites/sdk or suites/runtime.")
    .addArgument(new Argument("<subject>").choices(["sdk", "runtime"]))
    .action(async (subject: "sdk" | "runtime") => {
      const { printSchema } = await import("./schema-command.js");
      printSchema(subject);
    });
  program
    .command("list")
    .summary("list the cases")
    .description("Lists the cases, or those that prove one clause of PROTOCOL.md, with its text.")
    .argument("[clause]", "for example LEASE-3")
    .action(async (clause: string | undefined) => {
      const { listCases } = await import("./list-command.js");
      listCases(clause);
    });
}

function runCommand(program: Command, name: string): Command {
  return program
    .command(name)
    .argument("<command...>", "what starts the subject, after --")
    .option("--name <name>", "what reports call the subject; default: the command")
    .option("--features <list>", "what it offers, with commas; what it announces must be the same")
    .addOption(
      new Option("--level <level>", "cases up to this level; the others are not applicable")
        .choices(tiers)
        .default("recovery"),
    )
    .option("--select <glob>", "only suites or suite/case of such names; repeatable", collect, [])
    .option("--known-failing <file>", "lines of `suite/case # reason`; they are run, and must fail")
    .option("--json <file>", "write the report as JSON; - is standard output")
    .option("--junit <file>", "write the report as JUnit XML")
    .option("--html <file>", "write the report as a page")
    .option("--badge <file>", "write an SVG badge")
    .option("--record <file>", "write the frames of cases that can be replayed, a case per line")
    .option("--quiet", "print only what failed");
}

function proxyCommand(program: Command): Command {
  return program
    .command("proxy")
    .summary("watch a runtime and a function server")
    .description(
      "Stands between a runtime and a function server, forwards every frame unchanged, prints it, and\n" +
        "says which side breaks which clause. Whoever dials dials the proxy: the runtime by Connect, or\n" +
        "the function server by Attach. Ends on SIGINT or SIGTERM; exit code 1 when a clause was broken.",
    )
    .requiredOption("--target <host:port>", "the side that is dialled")
    .option("--listen <host:port>", "where the proxy listens; port 0: any", "127.0.0.1:0")
    .option("--json", "print lines of JSON")
    .option("--violations", "print broken clauses alone")
    .option("--values", "print whole frames, with the values of messages and states")
    .addHelpText(
      "after",
      "\nExample:\n" +
        "  statewire-conformance proxy --target 127.0.0.1:8000 --listen 127.0.0.1:8001",
    );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
