import assert from "node:assert/strict";
import { isTypename } from "./typed-value.js";

describe("isTypename()", () => {
  it("takes a namespace and a name, which may hold further slashes", () => {
    for (const text of [
      "io.statefun.types/int",
      "type.googleapis.com/google.protobuf.Timestamp",
      "image/png",
      "a/b/c",
      "é/b",
    ]) {
      assert.ok(isTypename(text), text);
    }
  });

  it("takes neither an empty part nor white space", () => {
    for (const text of ["", "int", "/", "/int", "a/", "a/b/", "a b/c", "a/b c", "a/b\n", " a/b"]) {
      assert.ok(!isTypename(text), JSON.stringify(text));
    }
  });
});
