import { create } from "xmlbuilder2";
import { formatTrace } from "./format-trace.js";
import { isBad, type RunReport } from "./run-report.js";

/** The run in JUnit's XML, which CI servers show. A case of level MAY that fails is skipped. */
export function junitReport(run: RunReport): string {
  const root = create({ version: "1.0", encoding: "UTF-8" }).ele("testsuites", {
    name: `statewire-conformance ${run.subject.role}`,
    tests: run.cases.length,
    failures: run.cases.filter(isBad).length,
  });
  for (const suite of new Set(run.cases.map((each) => each.suite))) {
    const cases = run.cases.filter((each) => each.suite === suite);
    const element = root.ele("testsuite", { name: suite, tests: cases.length });
    for (const each of cases) {
      const time = (each.durationMs / 1000).toFixed(3);
      const test = element.ele("testcase", {
        classname: `${run.subject.name}.${suite}`,
        name: each.name,
        time,
      });
      if (isBad(each)) {
        const text = `${each.clauses.join(" ")}\n${formatTrace(each.trace).join("\n")}`;
        test.ele("failure", { message: printable(each.reason) }).txt(printable(text));
      } else if (each.outcome !== "passed") {
        test.ele("skipped", { message: printable(`${each.outcome}: ${each.reason}`) });
      }
    }
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

/** XML has no control characters but white space. */
function printable(text: string): string {
  return text.replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/g, "?");
}
