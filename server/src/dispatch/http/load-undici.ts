import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Loaded with the first endpoint that is asked: it is much code, and most nodes have only streams. */
export function loadUndici(): typeof import("undici") {
  return require("undici");
}
