import { SwarmError } from "../../lib/errors.ts";

/** What an action computes: a literal, something of the scope, or a call. */
export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  /** `.A.B`; an empty path is the dot itself. */
  | { readonly kind: "field"; readonly path: readonly string[] }
  /** `$name.A.B`; the name `$` is the whole scope. */
  | { readonly kind: "variable"; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] };

const TOKEN =
  /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|:=|[|(),]|\$\w*(?:\.\w+)*|\.\w*(?:\.\w+)*|-?\d+|[A-Za-z_]\w*)/y;
/** Deepest that blocks and parentheses may nest. */
export const DEPTH_MAX = 32;

/** The refusal of a template's action. */
export function badAction(action: string, reason: string): SwarmError {
  return new SwarmError("invalid", `template {{${action}}}: ${reason}`);
}

/** Reads the tokens of one action, from left to right. */
export class Tokens {
  readonly #action: string;
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(action: string) {
    this.#action = action;
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    let end = 0;
    for (let match = TOKEN.exec(action); match; match = TOKEN.exec(action)) {
      tokens.push(match[1] ?? "");
      end = TOKEN.lastIndex;
    }
    if (action.slice(end).trim() !== "")
      throw badAction(action, `"${action.slice(end).trim()}" is not understood`);
    this.#tokens = tokens;
  }

  get isOver(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Takes the next token if it is `wanted`. */
  take(wanted: string): boolean {
    if (this.#tokens[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }

  /** `$a :=` or `$a, $b :=`, if they come next. */
  names(): readonly string[] {
    const rest = this.#tokens.slice(this.#at);
    const end = rest.indexOf(":=");
    if (end < 0) return [];
    const names = rest.slice(0, end).filter((token) => token !== ",");
    if (names.length === 0 || names.length > 2 || !names.every((name) => /^\$\w+$/.test(name)))
      throw this.bad("a value is given to one or two variables");
    this.#at += end + 1;
    return names.map((name) => name.slice(1));
  }

  /** Commands with `|` between them: each gets the value before as its last argument. */
  pipeline(): Expression {
    if (++this.#depth > DEPTH_MAX) throw this.bad("nested too deep");
    let value = this.#command(undefined);
    while (this.take("|")) value = this.#command(value);
    this.#depth--;
    return value;
  }

  bad(reason: string): SwarmError {
    return badAction(this.#action, reason);
  }

  #command(before: Expression | undefined): Expression {
    const head = this.#tokens[this.#at];
    const isCall =
      head !== undefined && /^[a-z_]\w*$/i.test(head) && !["true", "false"].includes(head);
    if (!isCall) {
      const value = this.#operand();
      const next = this.#tokens[this.#at];
      if (before || (next !== undefined && next !== "|" && next !== ")"))
        throw this.bad(`${head} is not a function`);
      return value;
    }
    this.#at++;
    const args: Expression[] = [];
    while (!this.isOver && !["|", ")"].includes(this.#tokens[this.#at] ?? ""))
      args.push(this.#operand());
    if (before) args.push(before);
    return { kind: "call", name: head, args };
  }

  #operand(): Expression {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.bad("a value is missing");
    if (token === "(") {
      const value = this.pipeline();
      if (!this.take(")")) throw this.bad("a parenthesis is not closed");
      return value;
    }
    if (token.startsWith('"')) return { kind: "literal", value: this.#text(token) };
    if (token.startsWith("`")) return { kind: "literal", value: token.slice(1, -1) };
    if (/^-?\d+$/.test(token)) return { kind: "literal", value: Number(token) };
    if (token === "true" || token === "false") return { kind: "literal", value: token === "true" };
    if (token.startsWith("."))
      return { kind: "field", path: token.split(".").filter((part) => part !== "") };
    if (token.startsWith("$")) {
      const [name = "", ...path] = token.split(".");
      return { kind: "variable", name: name.slice(1) || "$", path };
    }
    if (/^[a-z_]\w*$/i.test(token)) return { kind: "call", name: token, args: [] };
    throw this.bad(`"${token}" is no value`);
  }

  #text(token: string): string {
    try {
      return JSON.parse(token) as string;
    } catch {
      throw this.bad(`${token} is no text`);
    }
  }
}
