import { encodeUtf8 } from "#bytes";

/** What is answered to one request, whatever the platform calls its parts. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What a request says about itself, before its body is read. Names of headers are lower case. */
export interface HttpHead {
  readonly method: string;
  header(name: string): string | undefined;
}

/** The media type of both directions. */
export const payloadMediaType = "application/octet-stream";

export function payloadReply(body: Uint8Array): HttpReply {
  return { status: 200, headers: { "content-type": payloadMediaType }, body };
}

/** An answer for people; a runtime only looks at the status. */
export function textReply(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: encodeUtf8(`${message}\n`),
  };
}

/** Refuses a request by its head, or lets it pass. */
export function refuseHead(head: HttpHead, payloadBytesMax: number): HttpReply | undefined {
  if (head.method !== "POST") {
    return textReply(405, `method ${head.method}, expected POST`, { allow: "POST" });
  }
  const contentType = head.header("content-type") ?? payloadMediaType;
  if (contentType.split(";")[0]?.trim().toLowerCase() !== payloadMediaType) {
    return textReply(415, `content-type ${contentType}, expected ${payloadMediaType}`);
  }
  const encoding = head.header("content-encoding") ?? "identity";
  if (encoding.trim().toLowerCase() !== "identity") {
    return textReply(415, `content-encoding ${encoding}, expected none`);
  }
  const length = Number(head.header("content-length") ?? 0);
  return length > payloadBytesMax ? refuseSize(length, payloadBytesMax) : undefined;
}

/** Refuses a body that is larger than it may be; only so much of it was read. */
export function refuseSize(bytes: number, payloadBytesMax: number): HttpReply {
  return textReply(413, `request of ${bytes} bytes exceeds payloadBytesMax ${payloadBytesMax}`);
}
