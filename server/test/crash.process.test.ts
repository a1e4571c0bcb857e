import { describeKills } from "./torture/describe-kills.js";

// Goal: after kill -9 of the runtime and of function servers at any moment, everything took effect
// exactly once. Method: a short run of `npm run torture`; crash.long.test.ts is a longer one.

describeKills(6);
