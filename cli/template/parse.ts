import { SwarmError } from "../../lib/errors.ts";
import { lexTemplate, unquote, type Piece, type Token } from "./lex.ts";

/** Something that has a value: `.A.B`, `$x`, a literal, a function's name, `(pipeline)`. */
export type Operand =
  | { readonly kind: "constant"; readonly value: string | number | boolean | null }
  | { readonly kind: "function"; readonly name: string }
  /** `base` undefined is the current dot; `path` are the fields read from it in turn. */
  | { readonly kind: "field"; readonly base: Base; readonly path: readonly string[] };

type Base =
  | { readonly kind: "dot" }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

/** Commands joined by `|`; each one's value is the last argument of the next. */
export interface Pipeline {
  /** `$x := …`, or for range `$i, $x := …`. */
  readonly declares: readonly string[];
  readonly commands: readonly (readonly Operand[])[];
}

/** A node of a parsed template. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "range" | "with";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Parses Go's text/template grammar, without `define`, `template` and `block`. */
export function parseTemplate(template: string): readonly Node[] {
  const parser = new Parser(lexTemplate(template));
  const { nodes, stop } = parser.nodes();
  if (stop !== undefined) throw invalid(`unexpected {{${stop}}}`);
  return nodes;
}

function invalid(text: string): SwarmError {
  return new SwarmError("invalid", `template: ${text}`);
}

const BLOCKS = new Set(["if", "range", "with"]);

class Parser {
  readonly #pieces: readonly Piece[];
  #at = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Nodes up to the end of the text or to `{{end}}` or `{{else …}}`, whose word is `stop`. */
  nodes(): { nodes: readonly Node[]; stop?: string; tokens?: readonly Token[] } {
    const nodes: Node[] = [];
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++] as Piece;
      if (piece.kind === "text") {
        nodes.push(piece);
        continue;
      }
      const word = piece.tokens[0]?.kind === "word" ? (piece.tokens[0]?.text ?? "") : "";
      if (word === "end" || word === "else")
        return { nodes, stop: word, tokens: piece.tokens.slice(1) };
      if (BLOCKS.has(word)) nodes.push(this.#block(word as "if", piece.tokens.slice(1)));
      else nodes.push({ kind: "print", pipeline: parsePipeline(piece.tokens) });
    }
    return { nodes };
  }

  #block(kind: "if" | "range" | "with", tokens: readonly Token[]): Node {
    const pipeline = parsePipeline(tokens);
    const { nodes: body, stop, tokens: rest = [] } = this.nodes();
    if (stop === undefined) throw invalid(`{{${kind}}} has no {{end}}`);
    if (stop === "end") return { kind, pipeline, body, otherwise: [] };
    const chained = rest[0]?.text;
    if (chained === "if" || chained === "with")
      return { kind, pipeline, body, otherwise: [this.#block(chained, rest.slice(1))] };
    const { nodes: otherwise, stop: last } = this.nodes();
    if (last !== "end") throw invalid(`{{else}} has no {{end}}`);
    return { kind, pipeline, body, otherwise };
  }
}

function parsePipeline(tokens: readonly Token[]): Pipeline {
  const declaration = tokens.findIndex((token) => token.text === ":=" || token.text === "=");
  const declares = tokens
    .slice(0, Math.max(declaration, 0))
    .filter((token) => token.kind === "variable")
    .map((token) => token.text);
  const { pipeline, next } = commandsFrom(tokens, declaration + 1, declares);
  if (next < tokens.length) throw invalid(`unexpected "${tokens[next]?.text}"`);
  return pipeline;
}

/** Reads commands from `start` up to the end or an unmatched `)`. */
function commandsFrom(
  tokens: readonly Token[],
  start: number,
  declares: readonly string[],
): { readonly pipeline: Pipeline; readonly next: number } {
  const commands: Operand[][] = [[]];
  let at = start;
  while (at < tokens.length && tokens[at]?.text !== ")") {
    if (tokens[at]?.text === "|") {
      commands.push([]);
      at++;
      continue;
    }
    const { operand, next } = operandFrom(tokens, at);
    commands.at(-1)?.push(operand);
    at = next;
  }
  if (commands.some((command) => command.length === 0)) throw invalid("missing value for command");
  return { pipeline: { declares, commands }, next: at };
}

function operandFrom(
  tokens: readonly Token[],
  at: number,
): { readonly operand: Operand; readonly next: number } {
  const token = tokens[at] as Token;
  switch (token.kind) {
    case "string":
      return { operand: { kind: "constant", value: unquote(token.text) }, next: at + 1 };
    case "number":
      return { operand: { kind: "constant", value: Number(token.text) }, next: at + 1 };
    case "word":
      return { operand: wordOperand(token.text), next: at + 1 };
    case "variable":
      return fieldFrom(tokens, at + 1, { kind: "variable", name: token.text });
    case "field":
      return fieldFrom(tokens, at, { kind: "dot" }, true);
    case "punctuation":
      if (token.text === ".") return fieldFrom(tokens, at + 1, { kind: "dot" });
      if (token.text === "(") {
        const { pipeline, next } = commandsFrom(tokens, at + 1, []);
        if (tokens[next]?.text !== ")") throw invalid("a parenthesis is not closed");
        return fieldFrom(tokens, next + 1, { kind: "pipeline", pipeline });
      }
      throw invalid(`unexpected "${token.text}"`);
  }
}

function wordOperand(word: string): Operand {
  if (word === "true" || word === "false") return { kind: "constant", value: word === "true" };
  if (word === "nil") return { kind: "constant", value: null };
  return { kind: "function", name: word };
}

/** Reads the `.A.B` that follows a base without a space (the first may follow one, if `first`). */
function fieldFrom(
  tokens: readonly Token[],
  start: number,
  base: Base,
  first = false,
): { readonly operand: Operand; readonly next: number } {
  const path: string[] = [];
  let at = start;
  while (tokens[at]?.kind === "field" && (!tokens[at]?.spaced || (first && at === start))) {
    path.push((tokens[at]?.text ?? "").slice(1));
    at++;
  }
  return { operand: { kind: "field", base, path }, next: at };
}
