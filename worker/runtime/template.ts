import { SwarmError } from "../../lib/errors.ts";

/** Values a template can reach by name; leaves are text. */
export interface TemplateScope {
  readonly [name: string]: string | TemplateScope;
}

/** Functions a template can call with text arguments. */
export type TemplateFunctions = Readonly<Record<string, (...args: readonly string[]) => string>>;

const ACTION = /\{\{(- )?\s*((?:[^"}]|"(?:[^"\\]|\\.)*"|\}(?!\}))*?)\s*( -)?\}\}/g;
const WORD = /\s*("(?:[^"\\]|\\.)*"|\.[\w.]*|\w+)/gy;

function bad(action: string, reason: string): SwarmError {
  return new SwarmError("invalid", `template {{${action}}}: ${reason}`);
}

function field(scope: TemplateScope, path: string, action: string): string | TemplateScope {
  let value: string | TemplateScope = scope;
  for (const name of path.split(".").filter((part) => part !== "")) {
    if (typeof value === "string" || !Object.hasOwn(value, name))
      throw bad(action, `there is no field ${path}`);
    value = value[name] ?? "";
  }
  return value;
}

function words(action: string): readonly string[] {
  const found: string[] = [];
  WORD.lastIndex = 0;
  let end = 0;
  for (let match = WORD.exec(action); match; match = WORD.exec(action)) {
    found.push(match[1] ?? "");
    end = WORD.lastIndex;
  }
  if (found.length === 0 || action.slice(end).trim() !== "")
    throw bad(action, "only fields, index and simple calls are supported");
  return found;
}

function text(value: string | TemplateScope, action: string): string {
  if (typeof value !== "string") throw bad(action, "names a group of fields, not a value");
  return value;
}

function evaluate(action: string, scope: TemplateScope, functions: TemplateFunctions): string {
  const [head = "", ...rest] = words(action);
  const value = (word: string): string | TemplateScope => {
    if (word.startsWith('"')) return JSON.parse(word);
    if (word.startsWith(".")) return field(scope, word, action);
    throw bad(action, `${word} is not known`);
  };
  if (head === "index") {
    const [group, ...keys] = rest.map(value);
    let found: string | TemplateScope = group ?? "";
    // As in Go, a map without the key gives the empty string.
    for (const key of keys) {
      if (typeof found === "string") throw bad(action, "index needs a map");
      const name = text(key, action);
      found = Object.hasOwn(found, name) ? (found[name] ?? "") : "";
    }
    return text(found, action);
  }
  if (Object.hasOwn(functions, head)) {
    const call = functions[head];
    if (call) return call(...rest.map((word) => text(value(word), action)));
  }
  if (rest.length > 0) throw bad(action, `${head} is not a function`);
  return text(value(head), action);
}

/**
 * Expands the part of Go's text/template that specs use: `{{.Field.Path}}`, `{{index .Map "key"}}`,
 * `{{call "argument"}}` and the trim marks. A missing field is an error (`invalid`), as in swarm
 * mode.
 */
export function expand(
  template: string,
  scope: TemplateScope,
  functions: TemplateFunctions = {},
): string {
  if (!template.includes("{{")) return template;
  let out = "";
  let end = 0;
  let trim = false;
  const literal = (piece: string): string => (trim ? piece.trimStart() : piece);
  for (const match of template.matchAll(ACTION)) {
    const [whole, left, action = "", right] = match;
    const before = literal(template.slice(end, match.index));
    out += left ? before.trimEnd() : before;
    out += evaluate(action, scope, functions);
    trim = right !== undefined;
    end = match.index + whole.length;
  }
  const tail = literal(template.slice(end));
  if (tail.includes("{{")) throw bad(tail.slice(tail.indexOf("{{") + 2), "is not closed");
  return out + tail;
}
