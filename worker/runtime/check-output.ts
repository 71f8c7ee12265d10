/** Most that the status of a task quotes of what its health check has printed. */
const OUTPUT_CHARS_MAX = 200;

/** What a health check has printed, in one line; `otherwise` where that is nothing. */
export function quoteCheck(output: string, otherwise: string): string {
  return output.replace(/\s+/g, " ").trim().slice(0, OUTPUT_CHARS_MAX) || otherwise;
}
