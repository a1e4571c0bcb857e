import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createBucket, hasS3Server } from "./support/s3-server.js";

// Goal: the demo comes to the totals of its file although its runtime loses its machine on the way.
// Method: the demo itself, kill -9, the data deleted, a real S3 server, another data directory.

const demo = fileURLToPath(new URL("../../../examples/flights/dist/src/demo.js", import.meta.url));

describe("the demo over a real S3 server", function () {
  if (!hasS3Server()) return;
  this.timeout(90_000);

  it("comes to the totals of the file on another machine", async () => {
    const directory = mkdtempSync(join(tmpdir(), "statewire-demo-s3-"));
    try {
      const { bucket, endpoint, environment } = await createBucket();
      const store = ["--checkpoint-store", `s3://${bucket}/flights`];
      const words = ["--lose-machine", "--flights", "8000", ...store, "--directory", directory];
      const child = spawn(process.execPath, [demo, ...words], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...environment, AWS_ENDPOINT_URL_S3: endpoint },
      });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, "exit"),
      ]);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stdout.match(/all agree/g)?.length, 5, stdout);
      assert.match(stderr, /kill -9 of the machine of the runtime/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
