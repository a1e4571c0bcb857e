/*
 * Goal: a module that was written for containers, whose hosts exist there only, runs here with --resolve.
 * Method: the real command, function servers of both protocols on this machine, in clear text and over TLS.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FunctionServer, serve, statefulFunction, types } from "@statewire/sdk";
import { createNodeHandler } from "@statewire/sdk/http";
import { statewire } from "./support/command-line.js";
import { StatewireProcess } from "./support/statewire-process.js";

const tlsFolder = fileURLToPath(new URL("../../../sdk-ts/test/tls/", import.meta.url));
const pem = (name: string) => readFileSync(join(tlsFolder, name));
const certificate = { cert: pem("server-certificate.pem"), key: pem("server-key.pem") };

const echo = statefulFunction("example/echo", {
  accepts: types.int,
  replies: types.int,
  handle: (ctx, value) => ctx.reply(value),
});

describe("statewire run --resolve", () => {
  let directory: string;
  let node: StatewireProcess | undefined;
  const functionServers: FunctionServer[] = [];
  const httpServers: Server[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "statewire-resolve-"));
  });
  afterEach(async () => {
    await node?.kill();
    node = undefined;
    for (const server of functionServers.splice(0)) await server.close();
    for (const server of httpServers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(directory, { recursive: true });
  });

  const start = (module: string, ...words: string[]): StatewireProcess => {
    node = new StatewireProcess({ module, directory, words });
    return node;
  };
  const call = async (): Promise<string> => {
    const { grpcAddress = "" } = (await node?.ready()) ?? {};
    const words = ["call", "example/echo/x", "7", "--int", "--grpc", grpcAddress];
    const { stdout, stderr } = await statewire(words);
    return stdout.toString() || stderr;
  };
  const serveGrpc = async (secure: boolean): Promise<number> => {
    const tls = secure ? { certificate: certificate.cert, privateKey: certificate.key } : undefined;
    const server = await serve([echo], { address: "127.0.0.1:0", ...(tls && { tls }) });
    functionServers.push(server);
    return server.port ?? 0;
  };
  const serveHttp = async (secure: boolean, listener: RequestListener): Promise<number> => {
    const server = secure ? createSecureServer(certificate, listener) : createServer(listener);
    httpServers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const grpcModule = (address: string, more = "") =>
    `kind: statewire.endpoints.v1/grpc\nspec: {functions: example/*, address: "${address}"${more}}\n`;
  const httpModule = (url: string, more = "") =>
    `kind: io.statefun.endpoints.v2/http\nspec: {functions: example/*, urlPathTemplate: "${url}"${more}}\n`;

  it("dials a gRPC endpoint where its host is in truth, with the port as it is written", async () => {
    const port = await serveGrpc(false);
    const running = start(grpcModule(`functions:${port}`), "--resolve", "functions=127.0.0.1");
    assert.equal(await call(), "7\n");
    assert.ok(running.messages.includes("host functions is 127.0.0.1"), running.log);
  });

  it("takes several hosts, and another port for one", async () => {
    const port = await serveGrpc(false);
    const module = `${grpcModule("Functions:1")}---\n${httpModule("http://others:2/", "").replace("example", "other")}`;
    const words = ["--resolve", `functions=localhost:${port}`, "--resolve", "others=127.0.0.1"];
    const running = start(module, ...words);
    assert.equal(await call(), "7\n");
    assert.ok(running.messages.includes(`host functions is localhost, port ${port}`));
    assert.ok(running.messages.includes("host others is 127.0.0.1"), running.log);
  });

  it("keeps the name that a certificate of a gRPC endpoint is checked for", async () => {
    const port = await serveGrpc(true);
    const tls = `, tls: {caFile: "${tlsFolder}authority-certificate.pem"}`;
    start(grpcModule(`localhost:${port}`, tls), "--resolve", "localhost=127.0.0.1");
    assert.equal(await call(), "7\n");
    await node?.kill();
    const stranger = start(
      grpcModule(`functions:${port}`, tls),
      "--resolve",
      "functions=127.0.0.1",
    );
    await stranger.logged("endpoint backing-off");
    assert.match(stranger.log, /functions/);
  });

  it("posts to an HTTP endpoint where its host is in truth, and calls it by its name", async () => {
    const handler = createNodeHandler([echo]);
    const hosts: unknown[] = [];
    const port = await serveHttp(false, (request, response) => {
      hosts.push(request.headers.host);
      handler(request, response);
    });
    const words = ["--resolve", `functions=127.0.0.1:${port}`];
    start(httpModule("http://functions:8000/statefun"), ...words);
    // StateFun's protocol has no replies: the call is answered without one.
    assert.doesNotMatch(await call(), /failed|refused|unavailable/);
    assert.deepEqual([...new Set(hosts)], ["functions:8000"]);
  });

  it("keeps the name that a certificate of an HTTP endpoint is checked for", async () => {
    let requests = 0;
    const handler = createNodeHandler([echo]);
    const port = await serveHttp(true, (request, response) => {
      requests++;
      handler(request, response);
    });
    const trust = `, transport: {call: 2 sec, trust_cacerts: "${tlsFolder}authority-certificate.pem"}`;
    start(httpModule("https://localhost/", trust), "--resolve", `localhost=127.0.0.1:${port}`);
    assert.doesNotMatch(await call(), /failed|refused|unavailable/);
    const trusted = requests;
    assert.ok(trusted > 0);
    await node?.kill();
    const stranger = start(
      httpModule("https://functions/", trust),
      "--resolve",
      `functions=127.0.0.1:${port}`,
    );
    await stranger.ready();
    void call();
    await stranger.logged("endpoint backing-off");
    assert.match(stranger.log, /functions/);
    assert.equal(requests, trusted);
  });

  it("warns of a host that no endpoint names", async () => {
    const words = ["--resolve", "functoins=127.0.0.1"];
    const running = start(grpcModule("functions:1"), ...words);
    await running.logged("--resolve functoins: no endpoint is there; hosts: functions");
  });

  for (const words of [["functions"], ["functions=127.0.0.1", "--resolve", "functions=::1"]]) {
    it(`exits with 2 at --resolve ${words.join(" ")}`, async () => {
      const { exitCode, stderr } = await statewire(["run", "m.yaml", "--resolve", ...words]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /--resolve.*(Expected HOST=ADDRESS|given twice)/s);
    });
  }
});
