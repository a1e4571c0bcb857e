import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

// Goal: the commands of the README do what it says, kill -9 included. Method: they run as they are
// written, in a shell, but for the ports and the place of the data.

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", folder), "utf8");
const moduleText = readFileSync(new URL("module.yaml", folder), "utf8");

/** The indented lines, without those that build. */
const commands = readme
  .split("\n")
  .filter((line) => line.startsWith("    ") && !line.includes("npm "))
  .map((line) => line.slice(4))
  .join("\n");

describe("the StateFun greeter", function () {
  this.timeout(120_000);
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-statefun-greeter-"));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("greets as the README says, also when the runtime is killed", async () => {
    const [functions = "", ingress = "", egress = "", http = ""] = await findFreePorts(4);
    const onFreePorts = (text: string): string =>
      text
        .replaceAll("8000", functions)
        .replaceAll("8090", ingress)
        .replaceAll("8091", egress)
        .replaceAll("7411", http);
    const module = join(directory, "module.yaml");
    writeFileSync(module, onFreePorts(moduleText));
    const script = onFreePorts(commands).replaceAll(
      "examples/statefun-greeter/module.yaml",
      module,
    );
    // Whatever fails, no process stays.
    const endAll = "trap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT";
    const { stdout } = await promisify(execFile)("bash", ["-euc", `${endAll}\n${script}\nwait`], {
      cwd: root,
      env: {
        ...process.env,
        PORT: functions,
        STATEWIRE_GRPC: "127.0.0.1:0",
        STATEWIRE_HTTP: `127.0.0.1:${http}`,
        STATEWIRE_DATA_DIR: join(directory, "data"),
      },
    });
    const greetings = stdout.split("\n").filter((line) => line.startsWith("Hello"));
    assert.deepEqual(greetings, [
      "Hello, Bob!",
      "Hello again, Bob: visit 2.",
      "Hello again, Bob: visit 3.",
      "Hello again, Bob: visit 4.",
    ]);
    for (const greeting of greetings.slice(0, 2)) assert.ok(readme.includes(`\`${greeting}\``));
  });
});

/** All of them open at a time, so that no two are the same. */
async function findFreePorts(count: number): Promise<string[]> {
  const servers: Server[] = [];
  for (let opened = 0; opened < count; opened++) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
  }
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return ports;
}
