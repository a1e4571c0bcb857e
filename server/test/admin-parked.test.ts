import assert from "node:assert/strict";
import { type ServiceError, status } from "@grpc/grpc-js";
import {
  AdminClient,
  DropParkedRequest,
  type DropParkedResponse,
  GetParkedRequest,
  type GetParkedResponse,
  ListParkedRequest,
  type ListParkedResponse,
  RetryParkedRequest,
  type RetryParkedResponse,
} from "@statewire/protos/statewire/v1/admin.js";
import type { ParkedView } from "../src/admin/node-view.js";
import { createType } from "../src/core/catalog.js";
import { ApiNode, insecure } from "./support/api-node.js";

// Goal: what an operator can see of parked addresses and decide about them. Method: a real server and
// client; the view and the core's answers are the test's.

const order = createType(1, "shop/order");

function parked(id: string, fields: Partial<ParkedView["message"]> = {}): ParkedView {
  return {
    address: { typeName: "shop/order", id },
    reason: {
      code: "function",
      message: "boom",
      attempts: 70,
      firstFailedAtMs: 1000,
      lastFailedAtMs: 2000,
    },
    message: {
      type: order,
      id,
      callerType: null,
      callerId: "",
      typename: "shop/Line",
      value: Buffer.from("v"),
      traceparent: "",
      sequence: 17,
      key: "",
      request: 0,
      storedEpoch: 1,
      consumed: false,
      ...fields,
    },
    waiting: 3,
  };
}

describe("the Admin service, about parked addresses", () => {
  let node: ApiNode;
  let client: AdminClient;

  beforeEach(async () => {
    node = await ApiNode.open();
    client = new AdminClient(node.grpcAddress, insecure);
    node.view.parkedViews = ["1", "2", "3"].map((id) => parked(id));
  });

  afterEach(async () => {
    client.close();
    await node.api.close();
  });

  function ask<Request, Response>(
    method: (
      request: Request,
      callback: (error: ServiceError | null, response: Response) => void,
    ) => unknown,
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      method.call(client, request, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }

  const list = (fields: Parameters<typeof ListParkedRequest.create>[0]) =>
    ask<ListParkedRequest, ListParkedResponse>(client.listParked, ListParkedRequest.create(fields));
  const get = (fields: Parameters<typeof GetParkedRequest.create>[0]) =>
    ask<GetParkedRequest, GetParkedResponse>(client.getParked, GetParkedRequest.create(fields));
  const retry = (fields: Parameters<typeof RetryParkedRequest.create>[0]) =>
    ask<RetryParkedRequest, RetryParkedResponse>(
      client.retryParked,
      RetryParkedRequest.create(fields),
    );
  const drop = (fields: Parameters<typeof DropParkedRequest.create>[0]) =>
    ask<DropParkedRequest, DropParkedResponse>(client.dropParked, DropParkedRequest.create(fields));

  const address = { namespace: "shop", type: "order", id: "2" };
  const other = { ...address, id: "9" };
  const idsOf = ({ addresses }: ListParkedResponse) => addresses.map((one) => one.address?.id);
  const fails = (code: status, text: string) => (error: ServiceError) => {
    assert.equal(status[error.code], status[code]);
    assert.ok(error.details.includes(text), error.details);
    return true;
  };

  it("shows one with its message, its error and what waits behind it", async () => {
    const caller = createType(2, "shop/cart");
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const message = { callerType: caller, callerId: "c", traceparent };
    node.view.parkedViews = [parked("2", message), parked("3", { value: null })];
    assert.deepEqual(await get({ address }), {
      parked: {
        address,
        code: "function",
        error: "boom",
        attempts: 70,
        firstFailedAtMs: 1000,
        lastFailedAtMs: 2000,
        message: {
          sequence: 17,
          caller: { namespace: "shop", type: "cart", id: "c" },
          value: { typename: "shop/Line", value: Buffer.from("v") },
          traceparent,
        },
        waiting: 3,
      },
    });
    const { parked: third } = await get({ address: { ...address, id: "3" } });
    assert.equal(third?.message?.caller, undefined);
    assert.equal(third?.message?.value?.value, undefined);
  });

  it("lists them page by page, of one type or all", async () => {
    const first = await list({ limit: 2 });
    assert.deepEqual([idsOf(first), first.more], [["1", "2"], true]);
    const second = await list({ limit: 2, after: address });
    assert.deepEqual([idsOf(second), second.more], [["3"], false]);
    assert.deepEqual(idsOf(await list({ namespace: "shop", type: "order" })), ["1", "2", "3"]);
    assert.deepEqual(idsOf(await list({ namespace: "shop", type: "cart" })), []);
    await assert.rejects(
      list({ namespace: "shop", type: "unknown" }),
      fails(status.NOT_FOUND, "unknown function type shop/unknown"),
    );
  });

  it("ends a page before its answer is too large for a client", async () => {
    node.view.parkedViews = ["1", "2", "3"].map((id) => parked(id, { value: Buffer.alloc(1.5e6) }));
    const { addresses, more } = await list({});
    assert.deepEqual([addresses.length, more], [2, true]);
  });

  it("says NOT_FOUND of an address that is not parked, and asks the core nothing", async () => {
    const notFound = fails(status.NOT_FOUND, "shop/order/9 is not parked");
    await assert.rejects(get({ address: other }), notFound);
    await assert.rejects(drop({ address: other }), notFound);
    await assert.rejects(retry({ addresses: { $case: "address", value: other } }), notFound);
    assert.deepEqual(node.decisions, []);
  });

  it("answers a decision when it is durable, not before", async () => {
    let isAnswered = false;
    const retried = retry({ addresses: { $case: "address", value: address } });
    void retried.then(() => {
      isAnswered = true;
    });
    while (node.decisions.length === 0) await new Promise(setImmediate);
    assert.deepEqual(node.decisions, [
      { kind: "retryParked", request: 1, addresses: [{ typeName: "shop/order", id: "2" }] },
    ]);
    // Another answer comes after one that the client had to wait for.
    await get({ address });
    assert.equal(isAnswered, false);
    node.parked.decided([{ request: 1, addresses: 1 }]);
    assert.deepEqual(await retried, { retried: 1 });
  });

  it("lets all of a type, or all there are, try again, in steps that are short", async () => {
    const ids = Array.from({ length: 2500 }, (_, at) => `${at}`);
    node.view.parkedViews = ids.map((id) => parked(id));
    const counts: number[] = [];
    node.decide = (command) => {
      assert.equal(command.kind, "retryParked");
      counts.push(command.addresses.length);
      const answer = [{ request: command.request, addresses: command.addresses.length }];
      setImmediate(() => node.parked.decided(answer));
    };
    assert.deepEqual(await retry({ addresses: { $case: "all", value: true } }), { retried: 2500 });
    assert.deepEqual(counts, [1000, 1000, 500]);
    const ofType = { $case: "typeName", value: "shop/cart" } as const;
    assert.deepEqual(await retry({ addresses: ofType }), { retried: 0 });
    await assert.rejects(
      retry({ addresses: { ...ofType, value: "shop/unknown" } }),
      fails(status.NOT_FOUND, "unknown function type shop/unknown"),
    );
  });

  it("drops the message that was meant, and shows it once more", async () => {
    node.decide = (command) => {
      const answer = [{ request: command.request, addresses: 1 }];
      setImmediate(() => node.parked.decided(answer));
    };
    const { dropped } = await drop({ address, sequence: 17 });
    assert.deepEqual(dropped?.message?.value?.value, Buffer.from("v"));
    assert.equal((await drop({ address })).dropped?.message?.sequence, 17, "whichever it is");
    await assert.rejects(
      drop({ address, sequence: 16 }),
      fails(status.FAILED_PRECONDITION, "shop/order/2 is parked for message 17, not for 16"),
    );
  });

  it("says INVALID_ARGUMENT of what cannot be meant", async () => {
    const invalid = (text: string) => fails(status.INVALID_ARGUMENT, text);
    await assert.rejects(get({}), invalid("target is missing"));
    await assert.rejects(list({ limit: 1001 }), invalid("limit 1001 exceeds 1000"));
    await assert.rejects(list({ namespace: "shop" }), invalid("type of the target is empty"));
    await assert.rejects(retry({}), invalid("none of address, type_name and all is set"));
    await assert.rejects(
      retry({ addresses: { $case: "typeName", value: "shop" } }),
      invalid('type_name "shop" is not namespace/type'),
    );
    await assert.rejects(
      retry({ addresses: { $case: "all", value: false } }),
      invalid("all is false"),
    );
  });

  it("says UNAVAILABLE while the node reads its data", async () => {
    node.view.recovered = false;
    await assert.rejects(list({}), fails(status.UNAVAILABLE, "starting"));
  });
});
