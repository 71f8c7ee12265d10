import { expand, type TemplateScope } from "./template.ts";

/**
 * `KEY=value` entries with the templates in their values expanded. A later entry of the same key
 * wins; an entry without `=` is left out, as it asks for a value that nobody gave.
 */
export function expandEnv(
  entries: readonly string[],
  scope: TemplateScope,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const entry of entries) {
    const at = entry.indexOf("=");
    if (at > 0) env[entry.slice(0, at)] = expand(entry.slice(at + 1), scope);
    else delete env[entry];
  }
  return env;
}
