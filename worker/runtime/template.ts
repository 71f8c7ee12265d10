import { isSwarmError } from "../../lib/errors.ts";
import { FUNCTIONS, isTrue, textOf, type TemplateScope, type Value } from "./template-functions.ts";
import { parseTemplate, type Piece } from "./template-parse.ts";
import { badAction, type Expression } from "./template-tokens.ts";

export type { TemplateScope } from "./template-functions.ts";

/** Functions a template can call with text arguments. */
export type TemplateFunctions = Readonly<Record<string, (...args: readonly string[]) => string>>;

/** Pieces that one template may come to, loops counted as often as they run. */
const STEPS_MAX = 100_000;
/** Characters that one template may come to: more than any field or file of a task may have. */
const CHARS_MAX = 4 << 20;

/** What the pieces of a block see. */
interface Frame {
  readonly dot: Value;
  readonly variables: Map<string, Value>;
}

/** Carries out one template. */
class Expansion {
  readonly #scope: TemplateScope;
  readonly #functions: TemplateFunctions;
  #steps = 0;
  #chars = 0;

  constructor(scope: TemplateScope, functions: TemplateFunctions) {
    this.#scope = scope;
    this.#functions = functions;
  }

  text(pieces: readonly Piece[], frame: Frame): string {
    return pieces.map((piece) => this.#piece(piece, frame)).join("");
  }

  #piece(piece: Piece, frame: Frame): string {
    if (++this.#steps > STEPS_MAX) throw badAction(piece.kind, "the template never seems to end");
    switch (piece.kind) {
      case "text":
        return this.#counted(piece.text);
      case "print":
        return this.#counted(textOf(this.#value(piece.value, frame)));
      case "set":
        frame.variables.set(piece.name, this.#value(piece.value, frame));
        return "";
      case "if":
      case "with":
      case "range":
        return this.#block(piece, frame);
    }
  }

  #counted(text: string): string {
    this.#chars += text.length;
    if (this.#chars > CHARS_MAX) throw badAction("", `comes to more than ${CHARS_MAX} characters`);
    return text;
  }

  #block(piece: Extract<Piece, { body: unknown }>, { dot, variables }: Frame): string {
    const inner = (own: Value): Frame => ({ dot: own, variables: new Map(variables) });
    const frame = inner(dot);
    const value = this.#value(piece.value, frame);
    if (!isTrue(value)) return this.text(piece.otherwise, frame);
    const [first, second] = piece.names;
    if (piece.kind !== "range") {
      const own = inner(piece.kind === "with" ? value : dot);
      if (first !== undefined) own.variables.set(first, value);
      return this.text(piece.body, own);
    }
    if (typeof value !== "object") throw badAction("range", "needs a map");
    // As Go does, in the order of the keys.
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const texts = entries.map(([key, one]) => {
      const own = inner(one);
      if (first !== undefined) own.variables.set(first, second === undefined ? one : key);
      if (second !== undefined) own.variables.set(second, one);
      return this.text(piece.body, own);
    });
    return texts.join("");
  }

  #value(expression: Expression, frame: Frame): Value {
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "field":
        return field(frame.dot, expression.path);
      case "variable": {
        const { name, path } = expression;
        const value = name === "$" ? this.#scope : frame.variables.get(name);
        if (value === undefined) throw badAction(`$${name}`, "there is no such variable");
        return field(value, path);
      }
      case "call":
        return this.#call(expression, frame);
    }
  }

  #call({ name, args }: Extract<Expression, { kind: "call" }>, frame: Frame): Value {
    const values = args.map((arg) => this.#value(arg, frame));
    const own = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (own) return own(...values.map(textOf));
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known) return known(values);
    throw badAction(name, `${name} is not a function`);
  }
}

function field(from: Value, path: readonly string[]): Value {
  let value = from;
  for (const name of path) {
    if (typeof value !== "object" || !Object.hasOwn(value, name))
      throw badAction(`.${path.join(".")}`, `there is no field .${path.join(".")}`);
    value = value[name] ?? "";
  }
  return value;
}

/**
 * Expands Go's text/template as specs use it: fields, variables, pipelines, `if`, `with`, `range`
 * over maps, comparisons, `and`, `or`, `not`, `index`, `len`, `print`, `printf`, swarm mode's `join`,
 * comments and trim marks. A missing field is an error (`invalid`), as in swarm mode.
 */
export function expand(
  template: string,
  scope: TemplateScope,
  functions: TemplateFunctions = {},
): string {
  if (!template.includes("{{")) return template;
  const frame = { dot: scope, variables: new Map<string, Value>() };
  try {
    return new Expansion(scope, functions).text(parseTemplate(template), frame);
  } catch (error) {
    // A function does not know where it stands.
    if (!isSwarmError(error, "invalid") || error.message.startsWith("template ")) throw error;
    throw badAction(template.slice(template.indexOf("{{") + 2).slice(0, 40), error.message);
  }
}
