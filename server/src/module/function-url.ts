/** Where the requests of one function type go. */
export interface HttpTarget {
  /** "http://host:port". Of a socket, the host says nothing. */
  readonly origin: string;
  /** A UNIX domain socket; null: TCP. */
  readonly socketPath: string | null;
  /** With the query. */
  readonly path: string;
  /** For people: without what may be secret in it. */
  readonly shown: string;
}

/** Stands for the name of a function type, without its namespace. */
const placeholder = "{function.name}";

/**
 * The target for a function type ("namespace/type"), by the rules of StateFun; undefined when the template gives no
 * URL of http or https.
 */
export function resolveUrl(template: string, typeName: string): HttpTarget | undefined {
  const name = typeName.slice(typeName.indexOf("/") + 1);
  const url = template.replaceAll(placeholder, name);
  const unix = /^(https?)\+unix:\/\/(.*)$/i.exec(url);
  if (unix !== null) return resolveSocket(unix[1] ?? "", unix[2] ?? "");
  if (!URL.canParse(url)) return undefined;
  const { protocol, origin, host, pathname, search } = new URL(url);
  if (!/^https?:$/.test(protocol) || host === "") return undefined;
  return { origin, socketPath: null, path: pathname + search, shown: origin + pathname };
}

/** The socket is what goes up to the first name that ends in ".sock". */
function resolveSocket(scheme: string, rest: string): HttpTarget | undefined {
  const match = /^(\/(?:[^/]*\/)*?[^/]*\.sock)(\/.*)?$/.exec(rest);
  if (match?.[1] === undefined) return undefined;
  const [, socketPath, path = "/"] = match;
  const [shown = ""] = path.split("?");
  const protocol = scheme.toLowerCase();
  return {
    origin: `${protocol}://localhost`,
    socketPath,
    path,
    shown: `${protocol}+unix://${socketPath}${shown}`,
  };
}
