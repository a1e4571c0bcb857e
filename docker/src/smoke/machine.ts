import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Service } from "../compose-file.js";
import { readDockerfile } from "../dockerfile.js";
import type { Program } from "./container.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

/**
 * Plans how the services of a compose file run on this machine: each with an address of its own in
 * 127.0.0.0/8 in place of its name, the ports as they are, and folders in place of its volumes.
 *
 * Only the programs differ from a container's: those of this checkout in place of an image's.
 */
export class Machine {
  readonly directory: string;
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #programs: Readonly<Record<string, string>>;

  /** @throws Error when a program that is needed is not there: it says which, and how to get it. */
  constructor(services: ReadonlyMap<string, Service>, directory: string) {
    this.directory = directory;
    // Two runs at a time do not meet.
    const net = `127.${1 + (process.pid % 250)}.${1 + (Math.floor(process.pid / 250) % 250)}`;
    this.#hosts = new Map([...services.keys()].map((name, at) => [name, `${net}.${10 + at}`]));
    this.#programs = {
      ...{ minio: findProgram("minio"), "/routes": buildRoutes(directory) },
      ...{ python: preparePython(), node: process.execPath },
      statewire: join(root, "node_modules/.bin/statewire"),
    };
  }

  /** The address that stands for a service. */
  host(service: string): string {
    return this.#hosts.get(service) ?? "";
  }

  program(name: string, service: Service): Program {
    const image = service.build === undefined ? minioImage : readImage(service.build.dockerfile);
    const localize = (text: string) => this.#localize(name, service, text);
    // An entrypoint of one's own takes the image's command away.
    const isOwn = (service.entrypoint?.length ?? 0) > 0;
    const words = isOwn
      ? [...(service.entrypoint ?? []), ...(service.command ?? [])]
      : [...image.entrypoint, ...(service.command ?? image.command)];
    const healthTest = service.healthcheck?.test ?? ["CMD", ...image.healthTest];
    const healthWords = healthTest[0] === "CMD" ? healthTest.slice(1) : [];
    const environment = { ...image.environment, ...service.environment };
    const { PATH: _, ...rest } = environment as Record<string, string>;
    return {
      words: this.#toLocal(words.map(localize), this.host(name)),
      healthWords: this.#toLocal(healthWords.map(localize), this.host(name)),
      environment: Object.fromEntries(
        Object.entries(rest).map(([key, value]) => [key, localize(value)]),
      ),
      directory: workingDirectories[basename(service.build?.dockerfile ?? "")] ?? this.directory,
    };
  }

  /** Names become addresses, places in a container become places in the directory of the run. */
  #localize(name: string, service: Service, text: string): string {
    let local = text
      .replaceAll("0.0.0.0", this.host(name))
      .replaceAll("127.0.0.1", this.host(name));
    for (const [other, host] of this.#hosts) {
      local = local.replaceAll(new RegExp(`\\b${other}:(?=\\d)`, "g"), `${host}:`);
    }
    for (const { type, source, target } of service.volumes) {
      const place = type === "volume" ? this.#volume(source) : this.#file(name, service, source);
      local = local.replaceAll(target, place);
    }
    return local;
  }

  #volume(source: string): string {
    const folder = join(this.directory, source);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A script runs from where it is; any other file is copied, with names and places made local. */
  #file(name: string, service: Service, source: string): string {
    if (source.endsWith(".mjs")) return source;
    const copy = join(this.directory, `${name}-${basename(source)}`);
    const volumes = service.volumes.filter(({ type }) => type === "volume");
    const text = readFileSync(source, "utf8");
    writeFileSync(copy, this.#localize(name, { ...service, volumes }, text));
    return copy;
  }

  #toLocal(words: readonly string[], host: string): readonly string[] {
    const [command, ...rest] = words;
    if (command === undefined) return [];
    const program = this.#programs[command] ?? command;
    if (command === "mc") return [process.execPath, "-e", minioIsLive(host)];
    // MinIO listens everywhere unless it is told.
    return command === "minio"
      ? [program, ...rest, "--address", `${host}:9000`]
      : [program, ...rest];
  }
}

/** The image of MinIO starts the server with the words of its command, and has its client in it. */
const minioImage = {
  entrypoint: ["minio"],
  command: [],
  healthTest: [],
  environment: { MINIO_BROWSER: "off", MINIO_UPDATE: "off" },
};

const workingDirectories: Readonly<Record<string, string>> = {
  "flights-typescript.Dockerfile": join(root, "examples/flights"),
  "flights-python.Dockerfile": join(root, "examples/flights/python"),
};

function minioIsLive(host: string): string {
  const url = `http://${host}:9000/minio/health/ready`;
  return `fetch("${url}").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;
}

function readImage(dockerfile: string) {
  return readDockerfile(join(root, dockerfile));
}

function findProgram(name: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "statewire/bin")];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`${name} is neither on the PATH nor in ${join(cache, "statewire/bin")}`);
}

function buildRoutes(directory: string): string {
  const program = join(directory, "routes");
  const source = join(root, "examples/flights/go");
  execFileSync("go", ["build", "-o", program, "."], { cwd: source, stdio: "inherit" });
  return program;
}

/** The Python that the SDK is installed in; made when it is not there. */
function preparePython(): string {
  execFileSync(join(root, "sdk-python/setup"), { stdio: "inherit" });
  return join(root, "sdk-python/.venv/bin/python");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
