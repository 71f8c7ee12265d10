import { readFileSync } from "node:fs";
import path from "node:path";

/** The nearest package.json above this module: the package's own, from sources and from dist. */
function readVersion(): string {
  for (let dir = import.meta.dirname; ; dir = path.dirname(dir)) {
    try {
      return JSON.parse(readFileSync(path.join(dir, "package.json"), "utf8")).version;
    } catch (error) {
      if (dir === path.dirname(dir)) throw error;
    }
  }
}

/** Version of Skep, x.y.z. */
export const VERSION: string = readVersion();
