/**
 * What the gRPC library says of a call that failed, cut to what helps: "No connection established. Last
 * error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: " is "connect ECONNREFUSED
 * 127.0.0.1:1". Everything else stays as it is.
 */
export function describeGrpcProblem(details: string): string {
  const text = details.replace(/^\d+ [A-Z_]+: /, "");
  const [, target] = /^Name resolution failed for target (?:dns:)?(.*)$/.exec(text) ?? [];
  if (target !== undefined) return `${target} cannot be resolved`;
  const connection = /^No connection established\. Last error: (.*?)\. Resolution note: ?(.*)$/s;
  const [, last, note = ""] = connection.exec(text) ?? [];
  if (last === undefined) return text;
  const reason = describeLastError(last);
  if (reason === "") return note === "" ? "no connection" : note;
  return note === "" ? reason : `${reason}; ${note}`;
}

function describeLastError(text: string): string {
  // The library adds when it was; what logs it knows.
  const error = text.replace(/^Error: /, "").replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)$/, "");
  if (error === "null") return "";
  if (error === "Protocol error") return "the peer does not speak gRPC, or wants TLS";
  if (error.includes("wrong version number")) return "the peer does not speak TLS";
  return error.trim();
}
