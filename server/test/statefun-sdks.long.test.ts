import { isThere, statefunSdks } from "./support/statefun-app.js";
import { describeTally } from "./support/statefun-tally.js";

// Goal and method: as statefun-sdks.process.test.ts, in each language that this machine has the SDK of.

for (const sdk of statefunSdks.filter(isThere))
  if (sdk.language !== "JavaScript") describeTally(sdk);
