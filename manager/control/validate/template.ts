import { invalid } from "./check.ts";

/** What a template may name; labels and nested calls are checked where they are expanded. */
const FIELDS = new Set([
  ".Service.ID",
  ".Service.Name",
  ".Service.Labels",
  ".Node.ID",
  ".Node.Hostname",
  ".Node.Platform.Architecture",
  ".Node.Platform.OS",
  ".Task.ID",
  ".Task.Name",
  ".Task.Slot",
]);
/** Blocks in which fields are those of another value. */
const MOVES_DOT = /\{\{(?:- )?\s*(?:with|range)\b/;
const SIMPLE_FIELD = /^(?:\.[A-Za-z]\w*)+$/;

/**
 * Finds mistakes in a template before tasks are made of it: an action that is not closed, or a
 * field that no task has.
 */
export function checkTemplate(text: string, what: string): void {
  const isPlain = !MOVES_DOT.test(text);
  for (let from = text.indexOf("{{"); from >= 0; from = text.indexOf("{{", from)) {
    const end = text.indexOf("}}", from);
    if (end < 0) throw invalid(`${what}: unclosed action in template "${text}"`);
    const action = text.slice(from + 2, end).trim();
    const field = action.startsWith(".Service.Labels.") ? ".Service.Labels" : action;
    if (isPlain && SIMPLE_FIELD.test(field) && !FIELDS.has(field))
      throw invalid(`${what}: unknown field ${field} in template "${text}"`);
    from = end + 2;
  }
}
