import assert from "node:assert/strict";
import { parseTemplate, renderTemplate } from "./template.js";

function render(text: string, record: unknown): string | undefined {
  const template = parseTemplate(text);
  assert.ok(typeof template !== "string", String(template));
  return renderTemplate(template, record);
}

describe("a template", () => {
  it("puts fields, also of objects and arrays within the record, into the text", () => {
    const record = { origin: "SFO", leg: { delay: -3, late: false }, via: ["ORD"] };
    assert.equal(render("{origin}: {leg.delay} {leg.late} {via.0}", record), "SFO: -3 false ORD");
  });

  it("takes doubled braces as braces", () => {
    assert.equal(render("{{{origin}}}", { origin: "SFO" }), "{SFO}");
  });

  it("gives nothing when a field is missing, null or not a scalar", () => {
    for (const record of [{}, { a: null }, { a: {} }, { a: [1] }, null, "a"]) {
      assert.equal(render("{a}", record), undefined);
    }
  });

  it("does not see what a record inherits", () => {
    assert.equal(render("{constructor.name}", {}), undefined);
  });

  for (const text of ["{", "}", "a{b", "{}", "{a..b}", "{a{b}"]) {
    it(`is refused as ${JSON.stringify(text)}`, () => {
      assert.equal(typeof parseTemplate(text), "string");
    });
  }
});
