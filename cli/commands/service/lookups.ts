import { SwarmError } from "../../../lib/errors.ts";
import { filtersQuery, segment, type Engine } from "../../api/engine.ts";
import type {
  ConfigReference,
  NetworkAttachment,
  SecretReference,
} from "../../api/service-types.ts";
import type { Blob, Network } from "../../api/types.ts";
import type { Context } from "../../context.ts";
import type { FileReference } from "../../flags/references.ts";

/** Network attachments with ids in place of names. */
export function resolveNetworks(
  engine: Engine,
  networks: readonly NetworkAttachment[] = [],
): Promise<readonly NetworkAttachment[]> {
  return Promise.all(
    networks.map(async (attachment) => {
      const network = await engine.request<Network>({
        method: "GET",
        path: `/networks/${segment(attachment.Target ?? "")}`,
        query: { scope: "swarm" },
      });
      return { ...attachment, Target: network.Id };
    }),
  );
}

/** Secret references with ids. Refuses two with one target. */
export async function resolveSecrets(
  engine: Engine,
  references: readonly FileReference[] = [],
): Promise<readonly SecretReference[]> {
  const ids = await resolveBlobs(engine, "secret", references);
  return references.map(({ source, file }) => ({
    File: file,
    SecretID: ids.get(source) ?? "",
    SecretName: source,
  }));
}

/** Config references with ids. Refuses two with one target. */
export async function resolveConfigs(
  engine: Engine,
  references: readonly FileReference[] = [],
): Promise<readonly ConfigReference[]> {
  const ids = await resolveBlobs(engine, "config", references);
  return references.map(({ source, file }) => ({
    File: file,
    ConfigID: ids.get(source) ?? "",
    ConfigName: source,
  }));
}

async function resolveBlobs(
  engine: Engine,
  kind: "secret" | "config",
  references: readonly FileReference[],
): Promise<ReadonlyMap<string, string>> {
  if (references.length === 0) return new Map();
  const targets = references.map((reference) => reference.file.Name);
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice !== undefined)
    throw new SwarmError("invalid", `duplicate ${kind} target for ${twice} not allowed`);
  const names = [...new Set(references.map((reference) => reference.source))];
  const found = await engine.request<Blob[]>({
    method: "GET",
    path: `/${kind}s`,
    query: { filters: filtersQuery({ name: names }) },
  });
  // The filter matches prefixes too.
  const ids = new Map(found.map((blob) => [blob.Spec.Name, blob.ID]));
  const missing = names.find((name) => !ids.has(name));
  if (missing !== undefined)
    throw new SwarmError(
      "not-found",
      `${kind} not found: ${missing}. "swarm ${kind} ls" lists them`,
    );
  return ids;
}

/** The `KEY=value` lines of `--env-file`s; a bare `KEY` takes its value from the environment. */
export async function readEnvFiles(
  paths: readonly string[] = [],
  context: Context,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const path of paths) {
    const text = (await context.readFile(path)).toString();
    for (const [index, raw] of text.split("\n").entries()) {
      const line = raw.replace(/\r$/, "").trimStart();
      if (line === "" || line.startsWith("#")) continue;
      if (/^[^=]*\s[^=]*(=|$)/.test(line.split("=")[0] ?? ""))
        throw new SwarmError(
          "invalid",
          `${path} line ${index + 1}: a variable's name has no white space`,
        );
      lines.push(...fromEnvironment(line, context));
    }
  }
  return lines;
}

/** `KEY` without a value means the caller's own variable, left out when it has none. */
export function fromEnvironment(item: string, { env }: Context): readonly string[] {
  if (item.includes("=")) return [item];
  const value = env[item];
  return value === undefined ? [] : [`${item}=${value}`];
}
