import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { createLogger } from "./logger.js";
import type { Terminal } from "./terminal.js";

function terminal(isTTY: boolean): { terminal: Terminal; logged: () => string } {
  const stderr: PassThrough & { isTTY?: boolean } = new PassThrough();
  if (isTTY) stderr.isTTY = true;
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr };
  return {
    terminal: { ...streams, environment: { NO_COLOR: "1" }, workingDirectory: "/" },
    logged: () => String(stderr.read()),
  };
}

describe("the log", () => {
  it("is lines of JSON when standard error is not a terminal", () => {
    const { terminal: there, logged } = terminal(false);
    createLogger({ logLevel: "info", logFormat: "auto" }, there).info({ epoch: 5 }, "committed");
    const { time, ...line } = JSON.parse(logged());
    assert.ok(!Number.isNaN(Date.parse(time)));
    assert.deepEqual(line, { level: "info", epoch: 5, msg: "committed" });
  });

  it("is text on a terminal", () => {
    const { terminal: there, logged } = terminal(true);
    createLogger({ logLevel: "info", logFormat: "auto" }, there).info({ epoch: 5 }, "committed");
    assert.match(logged(), /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: committed \{"epoch":5\}\n$/);
  });

  it("has the format that the setting names", () => {
    const { terminal: there, logged } = terminal(true);
    createLogger({ logLevel: "info", logFormat: "json" }, there).info("committed");
    assert.equal(JSON.parse(logged()).msg, "committed");
  });

  it("leaves out what is below its level", () => {
    const { terminal: there, logged } = terminal(false);
    createLogger({ logLevel: "warn", logFormat: "json" }, there).info("committed");
    assert.equal(logged(), "null");
  });

  it("never shows a secret", () => {
    for (const logFormat of ["json", "text"] as const) {
      const { terminal: there, logged } = terminal(false);
      const secret = "s3cret";
      createLogger({ logLevel: "info", logFormat }, there).info(
        {
          password: secret,
          headers: { authorization: secret },
          a: { headers: { cookie: secret } },
        },
        "request",
      );
      const text = logged();
      assert.ok(text.includes("(hidden)") && !text.includes(secret), text);
    }
  });
});
