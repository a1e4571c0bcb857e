import { covers, isFunctionTypeName } from "../core/address.js";
import type { EndpointSpec, FileTarget, IngressSpec } from "./module.js";
import type { ModuleProblem } from "./module-problem.js";
import { nearestName } from "./nearest-name.js";
import { isConstant, type RecordTemplate } from "./template.js";
import type { YamlDocument } from "./yaml-document.js";

/** An ingress and the document that it stands in. */
export interface PlacedIngress {
  readonly ingress: IngressSpec;
  readonly document: YamlDocument;
}

/**
 * The targets that no endpoint covers. That is no error: a function server that dials in may serve
 * them, and until then the ingress waits.
 */
export function findUncoveredTargets(
  ingresses: readonly PlacedIngress[],
  endpoints: readonly EndpointSpec[],
): ModuleProblem[] {
  const patterns = endpoints.flatMap(({ functions }) => functions);
  return ingresses.flatMap(({ ingress, document }) =>
    targetsOf(ingress).flatMap((target, index) => {
      if (isCovered(target.function, patterns)) return [];
      const path = ["spec", "targets", index, "function"];
      const written = JSON.stringify(target.function.text);
      const message =
        `${document.describe(path)} is ${written}, which no endpoint's functions cover` +
        `${suggest(target.function, patterns)}: the ingress waits until a function server dials in ` +
        "that serves it (an endpoint with dialIn: true says that one will)";
      return [{ position: document.locate(path), message }];
    }),
  );
}

/** Of the playground each request names its own target. */
function targetsOf(ingress: IngressSpec): readonly FileTarget[] {
  return "targets" in ingress ? ingress.targets : [];
}

/** Of a template with fields only the namespace can be known. */
function isCovered(template: RecordTemplate, patterns: readonly string[]): boolean {
  if (isConstant(template)) return patterns.some((pattern) => covers(pattern, nameOf(template)));
  const [first] = template.parts;
  const slash = first?.kind === "text" ? first.text.indexOf("/") : -1;
  if (first?.kind !== "text" || slash < 0) return true;
  const namespace = first.text.slice(0, slash + 1);
  return patterns.some((pattern) => pattern.startsWith(namespace));
}

function nameOf({ parts }: RecordTemplate): string {
  return parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
}

function suggest(template: RecordTemplate, patterns: readonly string[]): string {
  const names = patterns.filter(isFunctionTypeName);
  const nearest = isConstant(template) ? nearestName(nameOf(template), names) : undefined;
  return nearest === undefined ? "" : ` (did you mean ${JSON.stringify(nearest)}?)`;
}
