/*
 * The README's commands for functions over HTTP run as they are written, but for the port.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const commands = /^## Over HTTP[\s\S]*?```sh\n([\s\S]*?)^```/m.exec(readme)?.[1] ?? "";

describe("the README's commands", () => {
  it("serve functions over HTTP", async () => {
    const port = await findFreePort();
    const { stdout } = await promisify(execFile)(
      "bash",
      ["-euc", commands.replaceAll("8000", String(port))],
      {
        cwd: fileURLToPath(new URL("readme", import.meta.url)),
        env: { ...process.env, PORT: String(port) },
      },
    );
    assert.equal(stdout, "empty body, expected a ToFunction\n");
  }).timeout(60_000);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
