/** Starts launch-entry.ts from the sources, where no build is at hand; not part of the build. */
import { register } from "tsx/esm/api";

register();
await import("./launch-entry.ts");
