import { statfs } from "node:fs/promises";
import type Docker from "dockerode";
import { sleep, type Clock } from "../../../../lib/clock.ts";
import { isSwarmError } from "../../../../lib/errors.ts";
import type { Logger } from "../../../../lib/log.ts";
import { engineCall } from "../engine-error.ts";
import { candidates, type Candidate, type CollectionRules } from "./collection.ts";
import type { ImageBook } from "./image-book.ts";

/** How often it is looked what can go. */
const PERIOD_MS = 300_000;
/** Images removed in one round; a removal keeps the engine's disk busy. */
const REMOVALS_PER_ROUND = 20;

export interface CollectorModules {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly book: ImageBook;
  /** Share of the engine's disk that is in use, percent; null where that cannot be known. */
  readonly diskUse: (signal: AbortSignal) => Promise<number | null>;
}

/** Share in use of the disk that an engine on this machine keeps its images on, as `df` counts it. */
export async function engineDiskUse(docker: Docker, signal: AbortSignal): Promise<number | null> {
  const { DockerRootDir: dir } = (await engineCall(() => docker.info(), signal)) as {
    readonly DockerRootDir: string;
  };
  try {
    const { blocks, bfree, bavail } = await statfs(dir);
    const used = blocks - bfree;
    return used + bavail === 0 ? null : (100 * used) / (used + bavail);
  } catch {
    // The engine is on another machine, or its directory is not for us to see: age alone counts.
    return null;
  }
}

/** Collects images round after round until `signal` aborts. A round that fails is tried again later. */
export async function runImageCollector(
  rules: CollectionRules,
  modules: CollectorModules,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(modules.clock, PERIOD_MS, signal);
    try {
      await collectImages(rules, modules, signal);
    } catch (error) {
      if (signal.aborted || !isSwarmError(error)) throw error;
      modules.log.warn({ err: error }, "images could not be collected");
    }
  }
}

/**
 * One round: removes images that this node has pulled and no container needs, those past their time
 * and, while the disk is too full, those unused longest. Returns the ids of those that are gone.
 */
export async function collectImages(
  rules: CollectionRules,
  modules: CollectorModules,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { docker, clock, book } = modules;
  const containers = await engineCall(() => docker.listContainers({ all: true }), signal);
  const needed = new Set(containers.map(({ ImageID }) => ImageID));
  for (const id of needed) book.used(id, clock.now());
  const gone: string[] = [];
  for (const candidate of candidates(book.all(), needed, rules, clock.now())) {
    if (gone.length >= REMOVALS_PER_ROUND) break;
    if (!candidate.isExpired && !(await isDiskFull(rules, modules, signal))) break;
    if (await removeImage(candidate, modules, signal)) gone.push(candidate.image.id);
  }
  book.save();
  return gone;
}

async function isDiskFull(
  { diskPercent }: CollectionRules,
  { diskUse }: CollectorModules,
  signal: AbortSignal,
): Promise<boolean> {
  return ((await diskUse(signal)) ?? 0) > diskPercent;
}

/** Whether the image is gone by now. */
async function removeImage(
  { image: { id, references }, isExpired }: Candidate,
  { docker, book, log }: CollectorModules,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { RepoTags: tags } = await engineCall(() => docker.getImage(id).inspect(), signal);
    const isOurs = (tags ?? []).every((tag) => references.some((one) => isTag(one, tag)));
    if (!isOurs) {
      log.info({ image: id, tags }, "an image that was pulled here has got another name, it stays");
      book.forget(id);
      return false;
    }
    for (const name of tags ?? []) await engineCall(() => docker.getImage(name).remove(), signal);
    // With its last tag an image goes, unless it was pulled by its digest as well.
    await engineCall(() => docker.getImage(id).remove(), signal);
  } catch (error) {
    // A container has been made of it meanwhile: the engine knows best.
    if (isSwarmError(error, "exists")) return false;
    if (!isSwarmError(error, "not-found")) throw error;
  }
  log.info({ image: id, references, reason: isExpired ? "age" : "disk" }, "unused image removed");
  book.forget(id);
  return true;
}

/** Whether a task's reference means the engine's tag: `nginx` is `nginx:latest`. */
function isTag(reference: string, tag: string): boolean {
  const name = reference.replace(/@.*$/, "").replace(/^(?:docker\.io\/)?(?:library\/)?/, "");
  return tag === name || tag === `${name}:latest`;
}
