import { createServer } from "node:http";
import { createNodeHandler } from "@statewire/sdk/http";
import { cart, loyalty } from "./cart.js";

const server = createServer(createNodeHandler([cart, loyalty]));
server.listen(Number(process.env["PORT"] ?? 8000), "127.0.0.1");
process.once("SIGTERM", () => server.close());
