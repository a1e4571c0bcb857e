import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Loaded with the first egress that posts: it is much code, and most nodes have none. */
export function loadUndici(): typeof import("undici") {
  return require("undici");
}
