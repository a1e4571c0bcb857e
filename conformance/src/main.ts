import { runSdkSuites } from "./runner/run-suites.js";
import { loadSuites } from "./suite/load-suites.js";

const at = process.argv.indexOf("--");
const reports = await runSdkSuites({
  command: process.argv.slice(at + 1),
  suites: loadSuites("sdk"),
  features: new Set(["leases", "lazy-state", "wildcard", "limits", "discover"]),
  selects: (path) => path.includes(process.env["ONLY"] ?? ""),
  onCase: (report) => {
    console.log(
      `${report.outcome} ${report.suite}/${report.name} ${report.durationMs.toFixed(0)} ms`,
    );
    if (report.outcome === "failed") {
      console.log(`  step ${report.step}: ${report.reason}`);
      for (const entry of report.trace.slice(-8))
        console.log("   ", JSON.stringify(entry).slice(0, 600));
    }
  },
});
console.log(reports.length, reports.filter((each) => each.outcome === "failed").length);
