/**
 * Prints `descriptor.ts` and `generated.ts` from the .proto files. `--check` writes nothing and
 * fails when the checked-in output is stale.
 */
import fs from "node:fs";
import path from "node:path";
import protobuf from "protobufjs";
import { printTypes } from "./codegen.ts";

const HERE = import.meta.dirname;
const BANNER = "// Printed from proto/*.proto by `npm run codegen`. Do not edit.\n";

/** The two generated files by name, from the .proto files as they stand. */
export function generate(): ReadonlyMap<string, string> {
  const files = fs.readdirSync(HERE).filter((name) => name.endsWith(".proto"));
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => path.join(HERE, path.basename(target));
  root.loadSync(files.sort(), { keepCase: false, alternateCommentMode: true });
  root.resolveAll();
  const json = JSON.stringify(
    root.toJSON({ keepComments: false }),
    (key, value: unknown) => (key === "protoName" ? undefined : value),
    1,
  );
  return new Map([
    [
      "descriptor.ts",
      `${BANNER}import type { INamespace } from "protobufjs";\n\n` +
        `/** The .proto files as protobufjs reads them. */\n` +
        `export const descriptor = JSON.parse(\`${json}\`) as INamespace;\n`,
    ],
    ["generated.ts", `${BANNER}${printTypes(root)}`],
  ]);
}

/** Names of the generated files whose checked-in text differs from what would be printed. */
export function staleFiles(): readonly string[] {
  const stale: string[] = [];
  for (const [name, text] of generate()) {
    const file = path.join(HERE, name);
    if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) stale.push(name);
  }
  return stale;
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes("--check")) {
    const stale = staleFiles();
    if (stale.length > 0) {
      process.stderr.write(`stale: ${stale.join(", ")}. Run: npm run codegen\n`);
      process.exitCode = 1;
    }
  } else {
    for (const [name, text] of generate()) fs.writeFileSync(path.join(HERE, name), text);
  }
}
