import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** The directory of this package: the nearest one above `dir` with a package.json. */
export function packageRoot(dir: string): string {
  for (let at = dir; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, "package.json"))) return at;
    if (at === path.dirname(at)) throw new Error(`no package.json above ${dir}`);
  }
}

/** Version of the package that `dir` belongs to, x.y.z. */
export function packageVersion(dir: string): string {
  return JSON.parse(readFileSync(path.join(packageRoot(dir), "package.json"), "utf8")).version;
}
