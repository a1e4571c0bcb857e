import { serve, statefulFunction } from "@statewire/sdk";

const worker = statefulFunction("shop/worker", { handle: () => undefined });

export const server = await serve([worker], { attachTo: "127.0.0.1:7410" });
