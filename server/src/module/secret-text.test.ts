// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of secrets.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { parseSecretText, type SecretText } from "./secret-text.js";

function parse(written: string, folder = "/"): SecretText {
  const text = parseSecretText(written, (path) => join(folder, path));
  assert.ok(text !== undefined);
  return text;
}

describe("text with secrets", () => {
  it("is revealed from the environment and from files, without a file's last line feed", () => {
    const folder = mkdtempSync(join(tmpdir(), "statewire-secret-"));
    writeFileSync(join(folder, "key"), "from file\n");
    const text = parse("a ${NAME} b ${file:key} $$c $d", folder);
    const revealed = text.reveal({ NAME: "from environment" });
    rmSync(folder, { recursive: true });
    assert.equal(revealed, "a from environment b from file $c $d");
  });

  it("never shows what its references stand for, however it is printed", () => {
    const text = parse("Bearer ${TOKEN}");
    text.reveal({ TOKEN: "s3cret" });
    const printed = [String(text), JSON.stringify({ text }), inspect({ text }), `${text}`];
    for (const shown of printed) {
      assert.ok(shown.includes("${TOKEN}") && !shown.includes("s3cret"), shown);
    }
  });

  it("names the variable that is not set", () => {
    assert.throws(() => parse("${TOKEN}").reveal({}), /environment variable TOKEN is not set/);
  });

  for (const written of ["${", "${}", "${A", "${file:}", "${1A}", "${A B}"]) {
    it(`is refused as ${JSON.stringify(written)}`, () => {
      assert.equal(parseSecretText(written, String), undefined);
    });
  }
});
