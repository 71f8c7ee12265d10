import { SwarmError } from "../../lib/errors.ts";

/** One token inside `{{ … }}`. */
export interface Token {
  readonly kind: "field" | "variable" | "string" | "number" | "word" | "punctuation";
  readonly text: string;
  /** Whether white space came right before it: `$a .B` is two operands, `$a.B` is one. */
  readonly spaced: boolean;
}

/** A template cut into literal text and actions. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[] };

const TOKENS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["field", /\.[A-Za-z_]\w*/y],
  ["variable", /\$\w*/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ["number", /[+-]?\d+(?:\.\d+)?/y],
  ["word", /[A-Za-z_]\w*/y],
  ["punctuation", /:=|[.|(),=]/y],
];

/** Cuts `template` at its actions; `{{-` and `-}}` trim the white space beside them. */
export function lexTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let rest = template;
  for (;;) {
    const open = rest.indexOf("{{");
    if (open < 0) {
      if (rest !== "") pieces.push({ kind: "text", text: rest });
      return pieces;
    }
    const action = /^\{\{(-\s)?((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`])*?)(\s-)?\}\}/.exec(
      rest.slice(open),
    );
    if (!action) throw new SwarmError("invalid", "template: an action {{ is not closed with }}");
    const before = rest.slice(0, open);
    const text = action[1] ? before.trimEnd() : before;
    if (text !== "") pieces.push({ kind: "text", text });
    const body = (action[2] ?? "").trim();
    if (!body.startsWith("/*")) pieces.push({ kind: "action", tokens: lexAction(body) });
    rest = rest.slice(open + action[0].length);
    if (action[3]) rest = rest.trimStart();
  }
}

function lexAction(body: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < body.length) {
    const start = at;
    while (/\s/.test(body[at] ?? "")) at++;
    const spaced = at > start;
    const token = tokenAt(body, at, spaced);
    if (!token)
      throw new SwarmError("invalid", `template: unexpected "${body.slice(at)}" in "${body}"`);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(body: string, at: number, spaced: boolean): Token | undefined {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const match = pattern.exec(body);
    if (match) return { kind, text: match[0], spaced };
  }
  return undefined;
}

/** The value of a Go string literal, quoted or raw. */
export function unquote(literal: string): string {
  if (literal.startsWith("`")) return literal.slice(1, -1);
  return literal.slice(1, -1).replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
