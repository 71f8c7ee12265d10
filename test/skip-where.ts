/**
 * Skips a suite where the machine lacks what it needs: `reason` says what, and is empty where nothing
 * is lacking. The reason is printed; under SKEP_CI=1, where nothing may be skipped, it is an error.
 */
export function skipWhere(context: Mocha.Context, reason: string): void {
  if (reason === "") return;
  if (process.env["SKEP_CI"] === "1") throw new Error(`must not be skipped here: ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  context.skip();
}
