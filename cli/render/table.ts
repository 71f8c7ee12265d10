/** Narrowest column, as docker's tables have it. */
const COLUMN_WIDTH_MIN = 10;
/** Blanks between a column's longest cell and the next column. */
const COLUMN_GAP = 3;

/**
 * Lays rows of cells out in borderless columns. A cell that another follows is padded; the last
 * cell of a row is not. Only rows that have a next cell count for a column's width.
 */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.slice(0, -1).entries())
      widths[column] = Math.max(
        widths[column] ?? COLUMN_WIDTH_MIN,
        displayWidth(cell) + COLUMN_GAP,
      );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1
            ? cell
            : cell + " ".repeat((widths[column] ?? 0) - displayWidth(cell)),
        )
        .join(""),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** Columns a text takes: its characters, not its UTF-16 units. */
function displayWidth(text: string): number {
  return Array.from(text).length;
}
