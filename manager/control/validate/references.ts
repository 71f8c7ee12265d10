import type { ConfigReference, FileTarget, SecretReference } from "../../../proto/generated.ts";
import { duplicate, invalid } from "./check.ts";

type Noun = "secret" | "config";

/** A reference to a secret or a config, with the differences between the two taken out. */
interface FileReference {
  readonly id: string;
  readonly name: string;
  readonly file: FileTarget | null;
}

function checkFiles(noun: Noun, references: readonly FileReference[]): void {
  for (const { id, name, file } of references) {
    if (id === "" || name === "") throw invalid(`malformed ${noun} reference`);
    if (file?.name === "")
      throw invalid(`malformed file ${noun} reference, invalid target file name provided`);
  }
  const clash = duplicate(
    references.filter(({ file }) => file),
    ({ file }) => file?.name ?? "",
  );
  if (clash) {
    const [a, b] = clash;
    throw invalid(
      `${noun} references '${a.name}' and '${b.name}' have a conflicting target: ` +
        `'${b.file?.name ?? ""}'`,
    );
  }
}

/** Checks that every reference is complete and that no two write one file. */
export function checkSecretReferences(secrets: readonly SecretReference[]): void {
  for (const { file } of secrets)
    if (!file) throw invalid("malformed secret reference, no target provided");
  checkFiles(
    "secret",
    secrets.map(({ secretId, secretName, file }) => ({ id: secretId, name: secretName, file })),
  );
}

/** As {@link checkSecretReferences}; a config may also go to the runtime instead of a file. */
export function checkConfigReferences(configs: readonly ConfigReference[]): void {
  for (const { target } of configs)
    if (target === undefined) throw invalid("malformed config reference: a target is required");
  checkFiles(
    "config",
    configs.map((config) => ({
      id: config.configId,
      name: config.configName,
      file: config.target === "file" ? config.file : null,
    })),
  );
}
