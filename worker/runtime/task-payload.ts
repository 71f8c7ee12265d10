import { SwarmError } from "../../lib/errors.ts";
import type { ConfigReference, FileTarget, SecretReference } from "../../proto/generated.ts";
import type { TaskFiles } from "./runtime.ts";
import { expand, type TemplateScope } from "./template.ts";

/** A file that a task is to find, with its content. */
export interface PayloadFile {
  readonly kind: "secret" | "config";
  readonly target: FileTarget;
  readonly data: Uint8Array;
}

export interface PayloadRequest {
  readonly secrets: readonly SecretReference[];
  readonly configs: readonly ConfigReference[];
  readonly scope: TemplateScope;
  readonly env: Readonly<Record<string, string>>;
}

/** A payload before its templates are expanded. */
interface Raw extends PayloadFile {
  readonly template: boolean;
}

function rawFiles(request: PayloadRequest, files: TaskFiles): readonly Raw[] {
  const raws: Raw[] = [];
  for (const { secretId, file } of request.secrets) {
    const { spec } = files.secret(secretId);
    if (!file || !spec) continue;
    const template = spec.templating?.name === "golang";
    raws.push({ kind: "secret", target: file, data: spec.data, template });
  }
  for (const reference of request.configs) {
    const { spec } = files.config(reference.configId);
    if (reference.target !== "file" || !spec) continue;
    const template = spec.templating?.name === "golang";
    raws.push({ kind: "config", target: reference.file, data: spec.data, template });
  }
  return raws;
}

function find(raws: readonly Raw[], kind: Raw["kind"], name: string): string {
  const found = raws.find((raw) => raw.kind === kind && raw.target.name === name);
  if (!found) throw new SwarmError("invalid", `template: ${kind} target ${name} not found`);
  return Buffer.from(found.data).toString("utf8");
}

/**
 * The secrets and configs of a task, templates of driver `golang` expanded. There they may call
 * `secret`, `config` (by target file name) and `env`. Throws `unavailable` while one is missing.
 */
export function taskPayload(request: PayloadRequest, files: TaskFiles): readonly PayloadFile[] {
  const raws = rawFiles(request, files);
  const functions = {
    secret: (name = "") => find(raws, "secret", name),
    config: (name = "") => find(raws, "config", name),
    env: (name = "") => request.env[name] ?? "",
  };
  return raws.map(({ template, ...file }) => {
    if (!template) return file;
    const text = Buffer.from(file.data).toString("utf8");
    return { ...file, data: Buffer.from(expand(text, request.scope, functions)) };
  });
}
