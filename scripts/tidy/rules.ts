import * as code from "./code-rules.js";
import * as documents from "./document-rules.js";
import * as layers from "./layer-rules.js";
import type { Rule } from "./workspace.js";

/** Every rule, by the sentence that it stands for. */
export const rules: Readonly<Record<string, Rule>> = {
  "the map of the server matches its folders": layers.mapMatchesFolders,
  "imports keep the ranks of the map": layers.importsKeepRanks,
  "imports have no cycle": layers.importsHaveNoCycle,
  "only the store imports lmdb": layers.onlyStoreImportsLmdb,
  "relative imports stay in their package": layers.relativeImportsStayInPackage,
  "every source file is reachable from an entry or a test": layers.everySourceIsReachable,
  "pure code has no clock, no chance and no waiting": code.pureCodeIsPure,
  "file names say what is inside": code.namesSaySomething,
  "files have at most 500 lines": code.filesAreShort,
  "functions have at most 70 lines": code.functionsAreShort,
  "nothing is any": code.nothingIsAny,
  "the compiler is obeyed": code.compilerIsObeyed,
  "every test runs": code.everyTestRuns,
  "tests do not sleep": code.testsDoNotSleep,
  "links of documents resolve": documents.linksResolve,
  "words are plain": documents.wordsArePlain,
  "cited clauses of the protocol exist": documents.citedClausesExist,
  "the lock file names no host": documents.lockFileNamesNoHost,
};
