import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../../../test/statefun-sdks/", import.meta.url));
const cache = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "statewire/statefun-sdks",
);

/** An official StateFun SDK, and how its application starts. */
export interface StatefunSdk {
  readonly language: string;
  readonly command: readonly string[];
  /** What must be there: `.ci/run` makes it. */
  readonly needs: string;
}

const javaFolder = join(cache, "java");

export const statefunSdks: readonly StatefunSdk[] = [
  {
    language: "JavaScript",
    command: [process.execPath, join(sources, "javascript/tally.js")],
    needs: process.execPath,
  },
  {
    language: "Python",
    command: [join(cache, "python/venv/bin/python"), join(sources, "python/tally.py")],
    needs: join(cache, "python/venv/bin/python"),
  },
  { language: "Go", command: [join(cache, "go/tally")], needs: join(cache, "go/tally") },
  {
    language: "Java",
    command: [
      "java",
      // It runs for seconds: it would not get back what it spends on better code and more threads.
      ...["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"],
      "-cp",
      `${javaFolder}/classes:${javaFolder}/statefun-sdk-java-3.3.0.jar`,
      "Tally",
    ],
    needs: join(javaFolder, "classes/Tally.class"),
  },
];

/** The applications of StateFun's documentation, in JavaScript. */
export const statefunApplications: StatefunSdk = {
  language: "JavaScript",
  command: [process.execPath, join(sources, "javascript/applications.js")],
  needs: process.execPath,
};

const isRequired = process.env["TEST_STATEFUN_SDKS"] === "required";

/** Whether the SDK is there. The run says which are, so that nobody takes tests that did not run for passed. */
export function isThere({ needs }: StatefunSdk): boolean {
  return existsSync(needs);
}

const here = statefunSdks.filter(isThere).map(({ language }) => language);
const missing = statefunSdks.filter((sdk) => !isThere(sdk)).map(({ language }) => language);
process.stderr.write(`\n*** official StateFun SDKs that are tested: ${here.join(", ")} ***\n`);
if (missing.length > 0) {
  const notice = `NOT TESTED, for want of them: the StateFun SDKs of ${missing.join(", ")} (server/test/statefun-sdks/prepare.sh gets them)`;
  process.stderr.write(`*** ${notice} ***\n`);
  if (isRequired) throw new Error(notice);
}

/** An application on an official SDK in a process of its own; it comes back on the same port. */
export class StatefunApp {
  readonly #sdk: StatefunSdk;
  port = 0;
  #process: ChildProcess | null = null;

  constructor(sdk: StatefunSdk) {
    this.#sdk = sdk;
  }

  async start(): Promise<void> {
    const [program = "", ...words] = this.#sdk.command;
    const child = spawn(program, [...words, String(this.port)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#process = child;
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    this.port = Number(line.toString());
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }
}
