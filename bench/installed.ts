import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether a program is in the search path. */
export function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
