import { describeKills } from "./torture/describe-kills.js";

// Goal and method: as crash.process.test.ts, with more kills.

describeKills(40);
