import { Client, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { rawMethod } from "../../src/protocol/protocol.js";
import { variables } from "../../src/subject/told.js";

// A subject that listens, and dials again 100 ms after every stream, however often it has failed. Its
// argument is its role.

const [service, method, listen] =
  process.argv[2] === "sdk"
    ? (["FunctionGateway", "Attach", "CONFORMANCE_ADDRESS"] as const)
    : (["FunctionServer", "Connect", "CONFORMANCE_API"] as const);
const stream = rawMethod(service, method);

function dial(address: string): void {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  const call = client.makeBidiStreamRequest(
    stream.path,
    stream.requestSerialize,
    stream.responseDeserialize,
  );
  call.on("data", () => undefined);
  call.on("error", () => undefined);
  call.on("status", () => {
    client.close();
    setTimeout(() => dial(address), 100);
  });
}

const server = new Server();
server.bindAsync(process.env[listen] ?? "", ServerCredentials.createInsecure(), () => undefined);
const address = process.env[variables.dial];
if (address !== undefined) dial(address);
process.once("SIGTERM", () => process.exit(0));
