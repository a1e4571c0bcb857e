/*
 * The README's examples compile and, where they can, run. Each is a file of test/readme, word for
 * word; the compiler reads those.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
// These serve at once, on ports that may be taken here: it is enough that they compile.
import type {} from "./readme/attach.js";
import type {} from "./readme/first-function.js";
import type {} from "./readme/http.js";

const packageRoot = new URL("../../", import.meta.url);
const examples = new URL("test/readme/", packageRoot);

const files = new Map(
  readdirSync(examples).map((name) => [name, readFileSync(new URL(name, examples), "utf8")]),
);
const readme = readFileSync(new URL("README.md", packageRoot), "utf8");
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);

describe("the README", () => {
  it("shows each example of test/readme, and no code that is none", () => {
    assert.deepEqual(
      [...files].filter(([, text]) => !blocks.includes(text)).map(([name]) => name),
      [],
    );
    const texts = [...files.values()];
    assert.deepEqual(
      blocks.filter((block) => !texts.includes(block)),
      [],
    );
  });

  it("declares functions and types that can be declared", async () => {
    await import("./readme/lazy-state.js");
    await import("./readme/protobuf.js");
    await import("./readme/references.js");
  });

  it("shows a test that passes", async () => {
    await import("./readme/testing.js");
  });
});

describe("the package", () => {
  it("says its own version in the handshake", async () => {
    const { version } = JSON.parse(readFileSync(new URL("package.json", packageRoot), "utf8"));
    const { sdkVersion } = await import("../src/serve.js");
    assert.equal(sdkVersion, version);
  });
});
