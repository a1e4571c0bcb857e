// Goal: tools that load the proto files at run time (reflection, grpcurl, inspect) can do so.
import assert from "node:assert/strict";
import { findMessage, findService, loadProtos } from "./loader.js";
import { listProtoFiles } from "./package-files.js";

describe("proto-loader", () => {
  for (const path of listProtoFiles()) {
    it(`loads ${path} by itself`, () => {
      assert.notEqual(Object.keys(loadProtos([path])).length, 0);
    });
  }

  it("finds every service of version 1", () => {
    const definitions = loadProtos(listProtoFiles());
    const methods = ["FunctionServer", "FunctionGateway", "Ingress", "Egress", "Admin"].flatMap(
      (service) =>
        Object.values(findService(definitions, `statewire.v1.${service}`)).map(({ path }) => path),
    );
    assert.deepEqual(methods, [
      "/statewire.v1.FunctionServer/Discover",
      "/statewire.v1.FunctionServer/Connect",
      "/statewire.v1.FunctionGateway/Attach",
      "/statewire.v1.Ingress/Send",
      "/statewire.v1.Ingress/SendStream",
      "/statewire.v1.Ingress/Call",
      "/statewire.v1.Egress/Subscribe",
      "/statewire.v1.Admin/GetState",
      "/statewire.v1.Admin/ListState",
      "/statewire.v1.Admin/Inspect",
      "/statewire.v1.Admin/ListParked",
      "/statewire.v1.Admin/GetParked",
      "/statewire.v1.Admin/RetryParked",
      "/statewire.v1.Admin/DropParked",
      "/statewire.v1.Admin/CreateCheckpoint",
    ]);
  });

  it("keeps an absent value and an empty one apart", () => {
    const definitions = loadProtos(["statewire/v1/stream.proto"]);
    const { serialize, deserialize } = findMessage(definitions, "statewire.v1.StateValue");
    assert.deepEqual(deserialize(serialize({ state: 1 })), { state: 1 });
    assert.deepEqual(deserialize(serialize({ state: 1, value: "" })), { state: 1, value: "" });
  });

  it("says which message is missing", () => {
    const definitions = loadProtos(["statewire/v1/types.proto"]);
    assert.throws(() => findMessage(definitions, "statewire.v1.Nothing"), /no message .*Nothing/);
    assert.throws(() => findService(definitions, "statewire.v1.Address"), /no service/);
  });
});
