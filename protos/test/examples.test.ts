// Goal: the bytes in PROTOCOL.md can be trusted. Method: encode the frames with one protobuf
// implementation, read and write them with another, compare both with the text. UPDATE=1 rewrites
// the text.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { RuntimeFrame, ServerFrame } from "../src/gen/statewire/v1/stream.js";
import { annotate, parseAnnotated } from "./annotate.js";
import { type ExampleFrame, exampleFrames } from "./example-frames.js";
import { findMessage, loadProtos } from "./loader.js";
import { readSpecification, specificationPath } from "./package-files.js";

const definitions = loadProtos(["statewire/v1/stream.proto"]);

describe("worked examples of PROTOCOL.md", () => {
  before(() => {
    if (process.env["UPDATE"] === "1") {
      updateSpecification();
    }
  });

  for (const example of exampleFrames) {
    const { serialize, deserialize } = findMessage(definitions, example.messageName);

    it(`show every byte of ${example.title}, and what it means`, () => {
      const { dump } = readExample(example);
      assert.equal(dump, annotate(definitions, example.messageName, example.bytes));
      assert.deepEqual(hexOf(parseAnnotated(dump)), hexOf(example.bytes));
    });

    it(`decode to the JSON of ${example.title}`, () => {
      const { dump, json } = readExample(example);
      assert.deepEqual(deserialize(Buffer.from(parseAnnotated(dump))), JSON.parse(json));
    });

    it(`are what another implementation writes for ${example.title}`, () => {
      const { dump, json } = readExample(example);
      assert.equal(hexOf(serialize(JSON.parse(json))), hexOf(parseAnnotated(dump)));
    });

    it(`are read and written alike by the generated code: ${example.title}`, () => {
      const bytes = parseAnnotated(readExample(example).dump);
      const reencoded =
        example.messageName === "statewire.v1.RuntimeFrame"
          ? RuntimeFrame.encode(RuntimeFrame.decode(bytes))
          : ServerFrame.encode(ServerFrame.decode(bytes));
      assert.equal(hexOf(reencoded.finish()), hexOf(bytes));
    });
  }

  it("are found to be wrong when a byte differs", () => {
    const [hello] = exampleFrames;
    assert.ok(hello !== undefined);
    const bytes = Uint8Array.from(hello.bytes);
    bytes[bytes.length - 1] = 0x58;
    const dump = annotate(definitions, hello.messageName, bytes);
    assert.notEqual(dump, readExample(hello).dump);
  });
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function readExample(example: ExampleFrame): { readonly dump: string; readonly json: string } {
  const section = readSpecification().split(`### ${example.title}\n`)[1] ?? "";
  const [, dump = "", json = ""] =
    /```text\n([^`]*)\n```\n\n```json\n([^`]*)\n```/.exec(section) ?? [];
  assert.notEqual(dump, "", `PROTOCOL.md has no example ${example.title}`);
  return { dump, json };
}

function updateSpecification(): void {
  const [head = ""] = readSpecification().split(/^### Hello$/m);
  const sections = exampleFrames.map((example) => {
    const dump = annotate(definitions, example.messageName, example.bytes);
    const decoded = findMessage(definitions, example.messageName).deserialize(
      Buffer.from(example.bytes),
    );
    const json = JSON.stringify(decoded, null, 2).replaceAll(/\[\s+([^\s{}]+)\s+\]/g, "[$1]");
    const title = `### ${example.title}\n\nA \`${example.messageName.slice(13)}\``;
    return `${title} of ${example.bytes.length} bytes.\n\n\`\`\`text\n${dump}\n\`\`\`\n\n\`\`\`json\n${json}\n\`\`\`\n`;
  });
  writeFileSync(specificationPath, head + sections.join("\n"));
}
