import { createServer } from "node:http";
import { createNodeHandler } from "@statewire/sdk/http";
import { greeter, person } from "./functions.js";

const server = createServer(createNodeHandler([person, greeter]));
server.listen(Number(process.env["PORT"] ?? 8000), "127.0.0.1");
process.once("SIGTERM", () => server.close());
