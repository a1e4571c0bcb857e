import { serve } from "@statewire/sdk";
import { anyType, interpreter, limited } from "./interpreter.js";

const { CONFORMANCE_ADDRESS: address = "127.0.0.1:0" } = process.env;
const server = await serve([interpreter, limited, anyType], { address });
process.once("SIGTERM", () => void server.close());
