import { statefunSdks } from "./support/statefun-app.js";
import { describeTally } from "./support/statefun-tally.js";

// Goal: applications that were written for StateFun run unmodified, on the official SDKs as their
// registries have them, and kill -9 of the runtime and of the function server leaves exact counts.
// Method: one application (statefun-sdks/README.md), real processes, a file in, a file out. The other
// languages: statefun-sdks.long.test.ts.

for (const sdk of statefunSdks) if (sdk.language === "JavaScript") describeTally(sdk);
