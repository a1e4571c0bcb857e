/** Source text apart: both strings keep every position and line break of the original. */
export interface MaskedSource {
  /** Comments, and what is inside strings and regular expressions, are blanks. */
  readonly code: string;
  /** Everything but comments is blank. */
  readonly comments: string;
}

const comment = /(\/\/[^\n]*|\/\*[\s\S]*?\*\/)/;
const string = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/;

// A template counts as one string up to its last backtick, with the expressions inside it.
const template = /`(?:\\[\s\S]|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`/;

// A slash starts a regular expression where no value can end before it.
const expression =
  /(?<=(?:^|[(,=:[!&|?{};+\-*%~^<>]|\breturn|\bcase)\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/;

const tokens = new RegExp(
  [comment, string, template, expression].map(({ source }) => source).join("|"),
  "g",
);

/** Tells code, strings and comments apart well enough for rules on names and words. */
export function maskSource(text: string): MaskedSource {
  let code = "";
  let comments = "";
  let position = 0;
  for (const match of text.matchAll(tokens)) {
    const between = text.slice(position, match.index);
    const [token, remark] = match;
    code += between + (remark === undefined ? maskLiteral(token) : blank(token));
    comments += blank(between) + (remark === undefined ? blank(token) : token);
    position = match.index + token.length;
  }
  const rest = text.slice(position);
  return { code: code + rest, comments: comments + blank(rest) };
}

function maskLiteral(token: string): string {
  return token.charAt(0) + blank(token.slice(1, -1)) + token.charAt(token.length - 1);
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}
