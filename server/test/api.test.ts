import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import {
  type ClientDuplexStream,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { SendRequest } from "@statewire/protos/statewire/v1/ingress.js";
import { protoPath as healthProtoPath } from "grpc-health-check";
import type { EndpointView } from "../src/admin/node-view.js";
import { formatHostPort, type ListenError, parseHostPort } from "../src/api/host-port.js";
import { ApiNode, insecure } from "./support/api-node.js";

const server: EndpointView = {
  endpoint: "module.yaml:3",
  address: "127.0.0.1:9000",
  state: "ready",
  reason: "",
  sdk: "statewire-sdk-ts 0.1.0",
  functions: ["shop/order"],
  invocationsInFlight: 0,
};

describe("the APIs of a node", () => {
  let node: ApiNode;

  beforeEach(async () => {
    node = await ApiNode.open();
  });

  afterEach(() => node.api.close());

  async function get(path: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${node.httpUrl}${path}`);
    return { status: response.status, body: await response.json() };
  }

  describe("/healthz and /readyz", () => {
    it("the process is healthy as long as it answers", async () => {
      node.view.recovered = false;
      assert.deepEqual(await get("/healthz"), { status: 200, body: { status: "ok" } });
    });

    it("a node is ready when it has recovered and every endpoint has a server", async () => {
      node.view.servers = [
        server,
        { ...server, address: "127.0.0.1:9001", state: "connecting", reason: "not tried yet" },
      ];
      assert.deepEqual(await get("/readyz?verbose"), {
        status: 200,
        body: {
          ready: true,
          recovered: true,
          endpoints: [
            {
              endpoint: "module.yaml:3",
              ready: true,
              servers: [
                { address: "127.0.0.1:9000", state: "ready" },
                { address: "127.0.0.1:9001", state: "connecting", reason: "not tried yet" },
              ],
            },
          ],
          ingresses: [{ name: "shop/in", state: "running" }],
          egresses: [{ name: "shop/out", state: "retrying", reason: "connection refused" }],
        },
      });
    });

    it("a failed ingress is shown with its reason, and does not make it 503", async () => {
      const reason = "flights.csv line 3: 2 columns where the header has 4";
      const [file] = node.view.files;
      assert.ok(file);
      node.view.files = [{ ...file, state: "failed", reason }];
      const { status, body } = await get("/readyz");
      assert.equal(status, 200);
      const { ingresses } = body as { ingresses: unknown };
      assert.deepEqual(ingresses, [{ name: "shop/in", state: "failed", reason }]);
    });

    it("an endpoint without a server that is ready makes it 503, and says why", async () => {
      const refused = { state: "backing-off", reason: "connection refused" } as const;
      node.view.servers = [server, { ...server, ...refused, endpoint: "module.yaml:9" }];
      const { status, body } = await get("/readyz");
      assert.equal(status, 503);
      const { endpoints } = body as { endpoints: { endpoint: string; ready: boolean }[] };
      assert.deepEqual(
        endpoints.map(({ endpoint, ready }) => [endpoint, ready]),
        [
          ["module.yaml:3", true],
          ["module.yaml:9", false],
        ],
      );
      assert.match(JSON.stringify(body), /connection refused/);
    });

    it("recovery makes it 503, a server that dialled in does not", async () => {
      node.view.servers = [{ ...server, endpoint: null, state: "draining" }];
      assert.equal((await get("/readyz")).status, 200);
      node.view.recovered = false;
      assert.equal((await get("/readyz")).status, 503);
    });

    it("HEAD is answered, POST is not", async () => {
      const head = await fetch(`${node.httpUrl}/healthz`, { method: "HEAD" });
      assert.equal(head.status, 200);
      const post = await fetch(`${node.httpUrl}/healthz`, { method: "POST" });
      assert.equal(post.status, 405);
      await post.body?.cancel();
    });
  });

  describe("what is no request for any route", () => {
    /** Writes bytes and answers with everything that comes back. */
    function exchange(text: string): Promise<string> {
      const { host, port } = node.api.httpAddress;
      return new Promise((resolve, reject) => {
        const socket = connect(port, host, () => socket.write(text));
        let answer = "";
        socket.on("data", (chunk) => {
          answer += String(chunk);
        });
        socket.on("error", reject);
        socket.on("close", () => resolve(answer));
      });
    }

    it("is 404 with the paths that there are", async () => {
      const { status, body } = await get("/v2/send");
      assert.equal(status, 404);
      const { message } = body as { message: string };
      assert.match(
        message,
        /^no such path: \/v2\/send; known: POST \/v1\/send\/.* \/readyz, \/metrics$/,
      );
    });

    it("is 431 with the limit when its headers are too large", async () => {
      const answer = await exchange(
        `GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(20_000)}\r\n\r\n`,
      );
      assert.match(
        answer,
        /^HTTP\/1\.1 431 Request Header Fields Too Large\r\nconnection: close\r\n/,
      );
      assert.match(answer, /"message":"path and headers together exceed 16384 bytes"\}\n$/);
    });

    it("is 400 when it is something else than HTTP", async () => {
      const answer = await exchange("hello\r\n\r\n");
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /"message":"not a request of HTTP\/1\.1 \(HPE_INVALID_METHOD\)"\}\n$/);
    });
  });

  describe("the tools of gRPC", () => {
    function client(protoPath: string, includeDirs: string[], name: string) {
      const definitions = loadSync(protoPath, { includeDirs, enums: String, keepCase: true });
      let found: unknown = loadPackageDefinition(definitions);
      for (const part of name.split(".")) found = (found as Record<string, unknown>)[part];
      return new (found as ServiceClientConstructor)(node.grpcAddress, insecure);
    }

    function health(service: string): Promise<string> {
      const check = client(healthProtoPath, [], "grpc.health.v1.Health");
      return new Promise((resolve, reject) => {
        const method = check["check"] as (
          request: object,
          done: (error: Error | null, response: { status: string }) => void,
        ) => void;
        method.call(check, { service }, (error, response) => {
          check.close();
          if (error) reject(error);
          else resolve(response.status);
        });
      });
    }

    it("health says SERVING from serve() until drain(), for the node and each service", async () => {
      const starting = new ApiNode();
      await starting.api.open();
      const running = node;
      node = starting;
      assert.equal(await health(""), "NOT_SERVING");
      starting.api.serve();
      for (const service of [
        "",
        "statewire.v1.Ingress",
        "statewire.v1.Egress",
        "statewire.v1.Admin",
      ]) {
        assert.equal(await health(service), "SERVING", service);
      }
      await starting.api.drain(0);
      assert.equal(await health(""), "NOT_SERVING");
      await starting.api.close();
      node = running;
    });

    it("reflection lists the services and hands out their files", async () => {
      const reflection = client(
        "reflection/v1/reflection.proto",
        [fileURLToPath(new URL("../proto/grpc", import.meta.resolve("@grpc/reflection")))],
        "grpc.reflection.v1.ServerReflection",
      );
      const stream = (
        reflection["serverReflectionInfo"] as () => ClientDuplexStream<object, Reflected>
      ).call(reflection);
      const answers: Reflected[] = [];
      stream.write({ list_services: "" });
      stream.write({ file_containing_symbol: "statewire.v1.Ingress.Call" });
      stream.write({ file_containing_symbol: "statewire.v1.Nothing" });
      stream.write({ file_containing_symbol: "grpc.health.v1.Health" });
      stream.end();
      for await (const answer of stream) answers.push(answer as Reflected);
      reflection.close();
      const services = answers[0]?.list_services_response?.service.map(({ name }) => name) ?? [];
      for (const name of ["Ingress", "Egress", "Admin"]) {
        assert.ok(services.includes(`statewire.v1.${name}`), services.join(" "));
      }
      assert.ok(services.includes("grpc.health.v1.Health"));
      const files = answers[1]?.file_descriptor_response?.file_descriptor_proto ?? [];
      for (const message of ["CallRequest", "TypedValue", "RuntimeFrame", "idempotency_key"]) {
        assert.ok(
          files.some((file) => file.includes(message)),
          message,
        );
      }
      assert.equal(answers[2]?.error_response?.error_code, 5);
      // Tools check the name of a map's entry, and refuse the whole file when it is another.
      const health = answers[3]?.file_descriptor_response?.file_descriptor_proto ?? [];
      assert.ok(health.some((file) => file.includes("StatusesEntry")));
    });
  });

  describe("opening and closing", () => {
    it("an address in use is an error that says so, and leaves nothing open", async () => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      const { port } = taken.address() as { port: number };
      const second = new ApiNode({}, { http: { host: "127.0.0.1", port } });
      await assert.rejects(second.api.open(), (error: ListenError) => {
        assert.match(
          error.message,
          /^HTTP cannot listen on 127\.0\.0\.1:\d+ \(http, --http\): the address is in use, .*port 0/,
        );
        assert.equal(error.code, "EADDRINUSE");
        return true;
      });
      const third = new ApiNode({}, { grpc: { host: "127.0.0.1", port } });
      await assert.rejects(third.api.open(), (error: ListenError) => {
        assert.match(
          error.message,
          /^gRPC cannot listen on 127\.0\.0\.1:\d+ \(grpc, --grpc\): the address is in use, /,
        );
        assert.equal(error.code, "EADDRINUSE");
        return true;
      });
      await new Promise((resolve) => taken.close(resolve));
    });

    it("closing cuts off who does not leave by itself", async () => {
      const check = await fetch(`${node.httpUrl}/healthz`);
      await check.text();
      await node.api.close();
      await assert.rejects(fetch(`${node.httpUrl}/healthz`));
    });

    it("requests, one per message of a stream, are counted by how they ended", async () => {
      node.echo();
      const { IngressClient } = await import("@statewire/protos/statewire/v1/ingress.js");
      const ingress = new IngressClient(node.grpcAddress, insecure);
      const stream = ingress.sendStream();
      const target = { namespace: "shop", type: "order", id: "1" };
      const message = { typename: "a/b", value: Buffer.alloc(1) };
      const good = SendRequest.create({ target, message });
      stream.write({ messages: [good, SendRequest.create({}), good] });
      stream.end();
      for await (const _ of stream);
      ingress.close();
      await (await fetch(`${node.httpUrl}/v1/call/shop/order/1`, { method: "POST" })).text();
      const metrics = await (await fetch(`${node.httpUrl}/metrics`)).text();
      const name = "statewire_ingress_requests_total";
      assert.ok(metrics.includes(`${name}{api="grpc",method="sendStream",code="OK"} 2\n`), metrics);
      assert.ok(
        metrics.includes(`${name}{api="grpc",method="sendStream",code="INVALID_ARGUMENT"} 1\n`),
      );
      assert.ok(metrics.includes(`${name}{api="http",method="call",code="INVALID_ARGUMENT"} 1\n`));
    });
  });

  it("HOST:PORT is read and written, IPv6 in brackets", () => {
    for (const text of ["127.0.0.1:7410", "localhost:0", "[::1]:80"]) {
      assert.equal(formatHostPort(parseHostPort(text, "grpc")), text);
    }
    for (const text of ["7410", "host:", "host:70000", "::1:80", ""]) {
      assert.throws(() => parseHostPort(text, "grpc"), /grpc ".*" is not HOST:PORT/);
    }
  });
});

interface Reflected {
  readonly list_services_response?: { readonly service: { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: Buffer[] };
  readonly error_response?: { readonly error_code: number };
}
