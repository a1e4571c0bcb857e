import assert from "node:assert/strict";
import { nearestName, suggestName } from "./nearest-name.js";

describe("the nearest name", () => {
  it("is the one that fewest letters away, whatever their case", () => {
    assert.equal(nearestName("DataDirr", ["dataDir", "http", "grpc"]), "dataDir");
    assert.equal(nearestName("htpp", ["grpc", "http"]), "http");
  });

  it("is none when nothing is near", () => {
    assert.equal(nearestName("colour", ["id", "path", "format"]), undefined);
    assert.equal(suggestName("colour", ["id", "path"]), '; valid: "id", "path"');
  });
});
