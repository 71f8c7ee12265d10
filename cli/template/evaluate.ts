import { SwarmError } from "../../lib/errors.ts";
import { readField, TEMPLATE_FUNCTIONS, type TemplateFunction } from "./functions.ts";
import { parseTemplate, type Node, type Operand, type Pipeline } from "./parse.ts";
import { formatValue, isTruthy } from "./value.ts";

/** A compiled template: give it the data, get the text. */
export type Template = (data: unknown) => string;

type Functions = Readonly<Record<string, TemplateFunction>>;

interface Frame {
  readonly dot: unknown;
  readonly variables: Map<string, unknown>;
  readonly functions: Functions;
}

/**
 * Compiles the subset of Go's text/template that docker's `--format` uses: fields, pipelines,
 * variables, if / range / with, docker's functions. Throws `invalid` when it does not parse.
 */
export function compileTemplate(
  source: string,
  functions: Functions = TEMPLATE_FUNCTIONS,
): Template {
  const nodes = parseTemplate(source);
  return (data) => render(nodes, { dot: data, variables: new Map([["$", data]]), functions });
}

function render(nodes: readonly Node[], frame: Frame): string {
  return nodes.map((node) => renderNode(node, frame)).join("");
}

function renderNode(node: Node, frame: Frame): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "print": {
      const value = evaluate(node.pipeline, frame);
      return declare(node.pipeline, frame, value) ? "" : formatValue(value);
    }
    case "if": {
      const value = evaluate(node.pipeline, frame);
      const inner = child(frame, frame.dot);
      declare(node.pipeline, inner, value);
      return render(isTruthy(value) ? node.body : node.otherwise, inner);
    }
    case "with": {
      const value = evaluate(node.pipeline, frame);
      const inner = child(frame, isTruthy(value) ? value : frame.dot);
      declare(node.pipeline, inner, value);
      return render(isTruthy(value) ? node.body : node.otherwise, inner);
    }
    case "range":
      return renderRange(node, frame);
  }
}

function renderRange(node: Exclude<Node, { kind: "text" | "print" }>, frame: Frame): string {
  const value = evaluate(node.pipeline, frame);
  const entries = entriesOf(value);
  if (entries.length === 0) return render(node.otherwise, child(frame, frame.dot));
  const [first, second] = node.pipeline.declares;
  return entries
    .map(([key, item]) => {
      const inner = child(frame, item);
      if (first !== undefined) inner.variables.set(first, second === undefined ? item : key);
      if (second !== undefined) inner.variables.set(second, item);
      return render(node.body, inner);
    })
    .join("");
}

function entriesOf(value: unknown): (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [index, item] as const);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function child(frame: Frame, dot: unknown): Frame {
  return { ...frame, dot, variables: new Map(frame.variables) };
}

function declare(pipeline: Pipeline, frame: Frame, value: unknown): boolean {
  const [name] = pipeline.declares;
  if (name === undefined) return false;
  frame.variables.set(name, value);
  return true;
}

function evaluate(pipeline: Pipeline, frame: Frame): unknown {
  let piped: readonly unknown[] = [];
  for (const command of pipeline.commands) piped = [runCommand(command, piped, frame)];
  return piped[0];
}

function runCommand(command: readonly Operand[], piped: readonly unknown[], frame: Frame): unknown {
  const [head, ...rest] = command as readonly [Operand, ...Operand[]];
  if (head.kind !== "function") {
    const value = operandValue(head, frame);
    if (typeof value === "function")
      return (value as TemplateFunction)(...rest.map((o) => operandValue(o, frame)), ...piped);
    if (rest.length > 0)
      throw new SwarmError("invalid", "template: can't give arguments to a value");
    return value;
  }
  const call = frame.functions[head.name];
  if (!call) throw new SwarmError("invalid", `template: function "${head.name}" not defined`);
  return call(...rest.map((operand) => operandValue(operand, frame)), ...piped);
}

function operandValue(operand: Operand, frame: Frame): unknown {
  switch (operand.kind) {
    case "constant":
      return operand.value;
    case "function":
      return runCommand([operand], [], frame);
    case "field":
      return operand.path.reduce(readField, baseValue(operand.base, frame));
  }
}

function baseValue(base: Extract<Operand, { kind: "field" }>["base"], frame: Frame): unknown {
  switch (base.kind) {
    case "dot":
      return frame.dot;
    case "pipeline":
      return evaluate(base.pipeline, frame);
    case "variable":
      if (!frame.variables.has(base.name))
        throw new SwarmError("invalid", `template: undefined variable "${base.name}"`);
      return frame.variables.get(base.name);
  }
}
