/** Whether `error` came from the operating system, with one of `codes` when any are given. */
export function isErrnoException(
  error: unknown,
  ...codes: string[]
): error is NodeJS.ErrnoException & { readonly code: string } {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return false;
  return codes.length === 0 ? "errno" in error : codes.includes(error.code);
}
