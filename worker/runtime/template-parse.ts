import { badAction, DEPTH_MAX, Tokens, type Expression } from "./template-tokens.ts";

/** One piece of a template. `names` are variables that are set, without their `$`. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly value: Expression }
  | { readonly kind: "set"; readonly name: string; readonly value: Expression }
  | {
      readonly kind: "if" | "with" | "range";
      readonly names: readonly string[];
      readonly value: Expression;
      readonly body: readonly Piece[];
      readonly otherwise: readonly Piece[];
    };

const OPEN = "{{";
/** An action from where the last index stands. One way to read it only: its time grows with its length. */
const ACTION = /\{\{(- )?((?:[^"`}]|"(?:[^"\\]|\\.)*"|`[^`]*`|\}(?!\}))*?)( -)?\}\}/y;
/** Characters of an action that an error shows. */
const SHOWN_MAX = 60;
const BLOCKS = new Set(["if", "with", "range"]);

/** A template's texts and actions in turn; the marks that trim have done their work. */
function split(template: string): readonly (readonly ["text" | "action", string])[] {
  const parts: (readonly ["text" | "action", string])[] = [];
  let end = 0;
  let trim = false;
  const literal = (piece: string): string => (trim ? piece.trimStart() : piece);
  for (let at = template.indexOf(OPEN); at >= 0; at = template.indexOf(OPEN, end)) {
    ACTION.lastIndex = at;
    const match = ACTION.exec(template);
    if (!match) throw badAction(template.slice(at + OPEN.length, at + SHOWN_MAX), "is not closed");
    const [whole, left, action = "", right] = match;
    const before = literal(template.slice(end, at));
    parts.push(["text", left ? before.trimEnd() : before], ["action", action.trim()]);
    trim = right !== undefined;
    end = at + whole.length;
  }
  return [...parts, ["text", literal(template.slice(end))]];
}

/** Builds the tree of a template's pieces. */
class Parser {
  readonly #parts: readonly (readonly ["text" | "action", string])[];
  #at = 0;
  #depth = 0;
  /** The `else …` or `end` that the last block ended at. */
  #ending = "";

  constructor(template: string) {
    this.#parts = split(template);
  }

  parse(): readonly Piece[] {
    const pieces = this.#pieces();
    if (this.#ending !== "") throw badAction(this.#ending, "there is nothing to end here");
    return pieces;
  }

  /** Up to an `else`, an `end` or the end of all. */
  #pieces(): readonly Piece[] {
    const pieces: Piece[] = [];
    for (;;) {
      const part = this.#parts[this.#at++];
      this.#ending = "";
      if (!part) return pieces;
      const [kind, text] = part;
      if (kind === "text") {
        if (text !== "") pieces.push({ kind, text });
        continue;
      }
      if (/^\/\*[\s\S]*\*\/$/.test(text)) continue;
      if (text === "end" || /^else\b/.test(text)) {
        this.#ending = text;
        return pieces;
      }
      pieces.push(this.#action(text));
    }
  }

  #action(text: string): Piece {
    const [word = ""] = /^\w*/.exec(text) ?? [];
    if (BLOCKS.has(word)) return this.#block(text);
    const tokens = new Tokens(text);
    const [name, second] = tokens.names();
    const value = tokens.pipeline();
    if (!tokens.isOver || second !== undefined) throw tokens.bad("is not understood");
    return name === undefined ? { kind: "print", value } : { kind: "set", name, value };
  }

  #block(text: string): Piece {
    if (++this.#depth > DEPTH_MAX) throw badAction(text, "nested too deep");
    const [kind = ""] = /^\w+/.exec(text) ?? [];
    const tokens = new Tokens(text.slice(kind.length));
    const names = tokens.names();
    const value = tokens.pipeline();
    if (!tokens.isOver) throw tokens.bad("is not understood");
    const body = this.#pieces();
    const otherwise = this.#otherwise(text);
    this.#depth--;
    return { kind: kind as "if" | "with" | "range", names, value, body, otherwise };
  }

  #otherwise(text: string): readonly Piece[] {
    const ending = this.#ending;
    if (ending === "") throw badAction(text, "has no {{end}}");
    if (ending === "end") return [];
    // `else if …` is a block in the place of the other branch; they share one end.
    if (ending !== "else") return [this.#block(ending.replace(/^else\s+/, ""))];
    const pieces = this.#pieces();
    if (this.#ending !== "end") throw badAction(text, "has no {{end}}");
    return pieces;
  }
}

/** The pieces of a template. Throws `invalid` for what is none. */
export function parseTemplate(template: string): readonly Piece[] {
  return new Parser(template).parse();
}
