import type { HttpEgressSpec } from "../../module/module.js";

/** Where to post, with the secrets in it: never logged. */
export interface HttpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The URL without what may be secret. */
  readonly shownUrl: string;
}

/**
 * Puts the secrets into a spec's URL and headers.
 * @throws Error when one is missing, or makes the URL or a header unusable; it names the place,
 * never the secret.
 */
export function revealTarget(
  spec: HttpEgressSpec,
  environment: Readonly<Record<string, string | undefined>>,
): HttpTarget {
  const url = spec.url.reveal(environment);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(`url ${spec.url} of egress ${spec.id} is not one of http or https`);
  }
  const headers: Record<string, string> = {};
  for (const [name, text] of spec.headers) {
    const value = text.reveal(environment);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new Error(`header ${name} of egress ${spec.id} holds what no header can: ${text}`);
    }
    headers[name] = value;
  }
  const { origin, pathname } = new URL(url);
  const isSecret = spec.url.references.length > 0;
  return { url, headers, shownUrl: isSecret ? String(spec.url) : `${origin}${pathname}` };
}
