import assert from "node:assert/strict";
import { nearestName, suggestName } from "./nearest-name.js";

describe("the nearest name", () => {
  it("is the one that fewest letters away, whatever their case", () => {
    assert.equal(nearestName("DataDirr", ["dataDir", "http", "grpc"]), "dataDir");
    assert.equal(nearestName("htpp", ["grpc", "http"]), "http");
  });

  it("is one that begins with what is written, or that what is written begins with", () => {
    assert.equal(nearestName("dataDirectory", ["dataDir", "http"]), "dataDir");
    assert.equal(nearestName("drain", ["batchMax", "drainTimeoutMs"]), "drainTimeoutMs");
  });

  it("is none when nothing is near", () => {
    assert.equal(nearestName("colour", ["id", "path", "format"]), undefined);
    assert.equal(nearestName("tls", ["url"]), undefined);
    assert.equal(nearestName("kind/kafka/egress", ["kind/file/egress", "other"]), undefined);
    assert.equal(suggestName("colour", ["id", "path"]), '; valid: "id", "path"');
  });

  it("is not nearer for what all names begin with", () => {
    const names = ["STATEWIRE_GRPC", "STATEWIRE_HTTP", "STATEWIRE_BATCH_MAX"];
    for (const written of ["STATEWIRE_FOO", "STATEWIRE_HOME", "STATEWIRE_VERSION", "STATEWIRE_"]) {
      assert.equal(nearestName(written, names), undefined, written);
    }
    assert.equal(nearestName("STATEWIRE_GRCP", names), "STATEWIRE_GRPC");
    assert.equal(nearestName("STATEWIRE_GRPC_PORT", names), "STATEWIRE_GRPC");
    assert.equal(nearestName("STATWIRE_HTTP", names), "STATEWIRE_HTTP");
  });
});
