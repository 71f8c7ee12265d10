import { packageVersion } from "../lib/package-root.ts";

/** Version of Skep, x.y.z. */
export const VERSION: string = packageVersion(import.meta.dirname);
