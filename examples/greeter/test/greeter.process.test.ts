import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Deployment } from "@statewire/example-processes/deployment.js";

// Goal: the sixty seconds of the root README work as they are written there, on other ports.

const functionServerScript = fileURLToPath(new URL("../src/function-server.js", import.meta.url));
const moduleText = readFileSync(new URL("../../module.yaml", import.meta.url), "utf8");
const readme = readFileSync(new URL("../../../../README.md", import.meta.url), "utf8");

const readmeCall = /curl -X POST http:\/\/[^/]+(\S+) -H 'content-type: ([^']+)' -d (\S+)/;

describe("the greeter", function () {
  this.timeout(60_000);
  let directory = "";
  let deployment: Deployment | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-greeter-"));
  });

  afterEach(async () => {
    await deployment?.stop();
    rmSync(directory, { recursive: true });
  });

  /** What the README's curl would print. */
  async function runReadmeCall(address: string): Promise<string> {
    const [, path = "", type = "", data = ""] = readmeCall.exec(readme) ?? [];
    const response = await fetch(`http://${address}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: data,
    });
    assert.equal(response.status, 200, await response.clone().text());
    return await response.text();
  }

  it("answers as the README says, and counts on after both processes were killed", async () => {
    const started = await Deployment.start({
      directory,
      functionServers: [{ arguments: [functionServerScript] }],
      module: (address = "") => moduleText.replace("127.0.0.1:7500", address),
    });
    deployment = started;
    const promised = /It answers `([^`]+)`/.exec(readme)?.[1] ?? "";
    assert.equal((await runReadmeCall(started.httpAddress)).trim(), promised);
    await started.crashRuntime();
    await started.crashFunctionServer();
    const second = (await runReadmeCall(started.httpAddress)).trim();
    assert.equal(second, promised.replace("number 1", "number 2"));
  });
});
