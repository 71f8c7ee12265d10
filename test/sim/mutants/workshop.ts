import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { partOf, type Mutant } from "./mutant.ts";

/** The repository. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Parts of the repository that a mutant has a copy of; it shares the others. */
const COPIED = ["raft", "manager", "test/sim"];
const CODE = ["lib", "proto", "ca", "worker"];
const SHARED = [...CODE, "node_modules", "package.json", "tsconfig.json"];

/** A copy of the repository with a mutant in it. */
export interface Workshop {
  /** The simulator of the copy. */
  readonly main: string;
  remove(): void;
}

/** `text` with the mutant's patches to `file`. Throws unless each fits in exactly one place. */
export function patched(text: string, mutant: Mutant, file: string): string {
  let result = text;
  for (const patch of mutant.patches) {
    if (patch.file !== file) continue;
    if (result.split(patch.find).length !== 2)
      throw new Error(
        `mutant ${mutant.name} does not fit ${partOf(mutant)}/${file} any more: ${patch.find}`,
      );
    result = result.replace(patch.find, () => patch.replace);
  }
  return result;
}

/** The source of `file` of the part that `mutant` changes. */
export function sourceOf(mutant: Mutant, file: string): string {
  return readFileSync(join(ROOT, partOf(mutant), file), "utf8");
}

/** Plants `mutant` in a copy. */
export function plant(mutant: Mutant): Workshop {
  const directory = mkdtempSync(join(tmpdir(), `skep-mutant-${mutant.name}-`));
  mkdirSync(join(directory, "test"));
  for (const part of COPIED) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  for (const part of SHARED) symlinkSync(join(ROOT, part), join(directory, part));
  for (const file of new Set(mutant.patches.map((patch) => patch.file)))
    writeFileSync(
      join(directory, partOf(mutant), file),
      patched(sourceOf(mutant, file), mutant, file),
    );
  return {
    main: join(directory, "test/sim/main.ts"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
