import { SwarmError } from "../../lib/errors.ts";
import { compileTemplate } from "../template/evaluate.ts";
import { HEADER_FUNCTIONS } from "../template/functions.ts";
import { renderTable } from "./table.ts";

/** One row of a list as `--format` templates see it: field → value. */
export type Row = Readonly<Record<string, unknown>>;

/** How a kind of object is listed. */
export interface Listing {
  /** The template of the default table, cells separated by `\t`. */
  readonly table: string;
  /** Field → column title, for the default table and for `table TEMPLATE`. */
  readonly headers: Readonly<Record<string, string>>;
  /** What `--quiet` prints. */
  readonly quiet: string;
}

/** What a user may ask of a list. */
export interface ListOptions {
  readonly format?: string;
  readonly quiet?: boolean;
}

/** Prints `rows` as docker does: table, `table TEMPLATE`, `json`, `TEMPLATE`, or ids only. */
export function renderListing(
  listing: Listing,
  unsorted: readonly Row[],
  { format, quiet }: ListOptions,
): string {
  const rows = unsorted.map(byKey);
  if (quiet && (format === undefined || format === "table"))
    return lines(rows, compileTemplate(listing.quiet));
  if (format === undefined || format === "" || format === "table")
    return tableOf(listing, rows, listing.table);
  if (format === "json") return lines(rows, (row) => JSON.stringify(row));
  const table = /^table\s+/.exec(format);
  if (table) return tableOf(listing, rows, unescapeTabs(format.slice(table[0].length)));
  return lines(rows, checked(unescapeTabs(format), listing));
}

/** `{{json .}}` prints the fields in order of name, as Go prints maps. */
function byKey(row: Row): Row {
  return Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether `format` asks for a table, the default. */
export function isTableFormat(format: string | undefined): boolean {
  return format === undefined || format === "" || /^table(\s|$)/.test(format);
}

function lines(rows: readonly Row[], render: (row: Row) => string): string {
  return rows.map((row) => `${render(row)}\n`).join("");
}

function tableOf(listing: Listing, rows: readonly Row[], template: string): string {
  const header = compileTemplate(template, HEADER_FUNCTIONS)(headerRow(listing));
  const body = checked(template, listing);
  const cells = [header, ...rows.map(body)].map((line) => line.split("\t"));
  return renderTable(cells);
}

/** Labels and flags used in conditions (`.Self`) print nothing in the header. */
function headerRow(listing: Listing): Row {
  return new Proxy(listing.headers, { get: (headers, key) => headers[String(key)] ?? "" });
}

/** A template that refuses fields the listing does not have, naming those it has. */
function checked(template: string, listing: Listing): (row: Row) => string {
  const compiled = compileTemplate(template);
  return (row) =>
    compiled(
      new Proxy(row, {
        get(target, key) {
          const name = String(key);
          if (typeof key === "symbol" || name in target || name === "toJSON") return target[name];
          const known = Object.keys(listing.headers).map((field) => `.${field}`);
          throw new SwarmError(
            "invalid",
            `template: there is no field .${name} here; use ${known.join(", ")}`,
          );
        },
      }),
    );
}

/** A shell gives `\t` and `\n` as two characters; docker reads them as tab and newline. */
function unescapeTabs(template: string): string {
  return template.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}
