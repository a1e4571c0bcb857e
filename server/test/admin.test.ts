import assert from "node:assert/strict";
import { type ServiceError, status } from "@grpc/grpc-js";
import {
  AdminClient,
  GetStateRequest,
  type GetStateResponse,
  type InspectResponse,
  ListStateRequest,
  type ListStateResponse,
} from "@statewire/protos/statewire/v1/admin.js";
import type { StateView } from "../src/admin/node-view.js";
import { ApiNode, insecure } from "./support/api-node.js";

const count: StateView = {
  name: "count",
  typename: "io.statefun.types/int",
  value: Buffer.from([1]),
  expiresAtMs: 0,
};
const name: StateView = { name: "name", typename: "a/b", value: Buffer.alloc(0), expiresAtMs: 99 };

describe("the Admin service", () => {
  let node: ApiNode;
  let client: AdminClient;

  beforeEach(async () => {
    node = await ApiNode.open();
    client = new AdminClient(node.grpcAddress, insecure);
    node.view.states.set(
      "shop/order",
      new Map([
        ["1", [count, name]],
        ["2", [count]],
        ["3", [name]],
      ]),
    );
  });

  afterEach(async () => {
    client.close();
    await node.api.close();
  });

  function getState(fields: Parameters<typeof GetStateRequest.create>[0]) {
    return new Promise<GetStateResponse>((resolve, reject) => {
      client.getState(GetStateRequest.create(fields), (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  function listState(fields: Parameters<typeof ListStateRequest.create>[0]) {
    const request = ListStateRequest.create({ namespace: "shop", type: "order", ...fields });
    return new Promise<ListStateResponse>((resolve, reject) => {
      client.listState(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  const address = { namespace: "shop", type: "order", id: "1" };
  const fails = (code: status, text: string) => (error: ServiceError) => {
    assert.equal(status[error.code], status[code]);
    assert.ok(error.details.includes(text), error.details);
    return true;
  };

  it("shows the states of an address, or one of them", async () => {
    const { states } = await getState({ address });
    assert.deepEqual(states, [
      { name: "count", value: { typename: count.typename, value: count.value }, expiresAtMs: 0 },
      { name: "name", value: { typename: "a/b", value: Buffer.alloc(0) }, expiresAtMs: 99 },
    ]);
    const one = await getState({ address, name: "name" });
    assert.deepEqual(
      one.states.map((state) => state.name),
      ["name"],
    );
  });

  it("an address without state has none; that is no error", async () => {
    assert.deepEqual(await getState({ address: { ...address, id: "9" } }), { states: [] });
  });

  it("an unknown type is NOT_FOUND and names the known ones", async () => {
    const other = { ...address, type: "cart" };
    await assert.rejects(
      getState({ address: other }),
      fails(status.NOT_FOUND, "shop/cart; known: shop/order"),
    );
    await assert.rejects(listState({ type: "cart" }), fails(status.NOT_FOUND, "shop/order"));
  });

  it("a wrong address or limit is INVALID_ARGUMENT", async () => {
    await assert.rejects(getState({}), fails(status.INVALID_ARGUMENT, "target is missing"));
    await assert.rejects(listState({ type: "" }), fails(status.INVALID_ARGUMENT, "type"));
    await assert.rejects(
      listState({ limit: 1001 }),
      fails(status.INVALID_ARGUMENT, "limit 1001 exceeds 1000"),
    );
  });

  it("writes a checkpoint, and says which", async () => {
    const created = await new Promise((resolve, reject) => {
      client.createCheckpoint({}, (error, response) => (error ? reject(error) : resolve(response)));
    });
    assert.deepEqual(created, { number: 8, epoch: 42, kind: "delta", bytes: 100, durationMs: 12 });
  });

  it("lists addresses page by page", async () => {
    const first = await listState({ limit: 2 });
    assert.deepEqual(
      first.addresses.map(({ id, states }) => [id, states.length]),
      [
        ["1", 2],
        ["2", 1],
      ],
    );
    assert.equal(first.more, true);
    const second = await listState({ limit: 2, afterId: "2" });
    assert.deepEqual(
      second.addresses.map(({ id }) => id),
      ["3"],
    );
    assert.equal(second.more, false);
  });

  it("pages over an empty id, too", async () => {
    const ofType = new Map(["", "a"].map((id) => [id, [count]]));
    node.view.states.set("shop/order", ofType);
    const first = await listState({ limit: 1 });
    assert.deepEqual([first.addresses[0]?.id, first.more], ["", true]);
    const second = await listState({ limit: 1, afterId: "" });
    assert.deepEqual([second.addresses[0]?.id, second.more], ["a", false]);
  });

  it("a page ends before its answer is too large for a client", async () => {
    const large: StateView = { ...count, value: Buffer.alloc(1_500_000) };
    node.view.states.set("shop/order", new Map(["1", "2", "3"].map((id) => [id, [large]])));
    const { addresses, more } = await listState({});
    assert.equal(addresses.length, 2);
    assert.equal(more, true);
  });

  it("shows what the node is doing", async () => {
    node.view.servers = [
      {
        endpoint: "shop/* mail/send",
        address: "127.0.0.1:9000",
        state: "backing-off",
        reason: "connection refused",
        sdk: "",
        functions: [],
        invocationsInFlight: 0,
      },
    ];
    const status = await new Promise<InspectResponse>((resolve, reject) => {
      client.inspect({}, (error, response) => (error ? reject(error) : resolve(response)));
    });
    assert.deepEqual(status, {
      version: "0.1.0",
      nodeId: "node-1",
      dataDirectory: "/data",
      uptimeMs: 1234,
      epochDurable: 21,
      epochFolded: 20,
      checkpoint: { number: 7, epoch: 40, ageMs: 2500, reason: "", pendingBytes: 512 },
      functions: [
        {
          typeName: "shop/order",
          addressesActive: 3,
          messagesWaiting: 4,
          invocationsInFlight: 2,
          addressesParked: 1,
        },
      ],
      endpoints: [
        {
          address: "127.0.0.1:9000",
          state: "backing-off",
          reason: "connection refused",
          sdk: "",
          functions: ["shop/*", "mail/send"],
          invocationsInFlight: 0,
        },
      ],
      egresses: [
        {
          name: "shop/out",
          kind: "statewire.grpc.v1/egress",
          sequenceLast: 7,
          sequenceAcknowledged: 4,
          state: "retrying",
          reason: "connection refused",
        },
      ],
      timers: 6,
      ingresses: [
        {
          name: "shop/in",
          kind: "statewire.file.v1/ingress",
          position: 99,
          state: "running",
          reason: "",
        },
      ],
    });
  });

  it("state is UNAVAILABLE while the node recovers", async () => {
    node.view.recovered = false;
    await assert.rejects(getState({ address }), fails(status.UNAVAILABLE, "starting"));
  });
});
