import type { PulledImage } from "./image-book.ts";

/** When images that no task needs any more are removed. */
export interface CollectionRules {
  /** Unused for so long, an image goes, ten minutes at the earliest; milliseconds. */
  readonly unusedMs: number;
  /** While more than this share of the engine's disk is in use, images go sooner; 1 to 100. */
  readonly diskPercent: number;
}

/**
 * Nothing that was used within this time goes, however full the disk and whatever the rules: its
 * container may be next.
 */
const UNUSED_MIN_MS = 600_000;

/** An image that may go, and whether it must. */
export interface Candidate {
  readonly image: PulledImage;
  /** It has been unused for longer than the rules keep it. */
  readonly isExpired: boolean;
}

/**
 * The images that may be removed, the one unused longest first.
 * @param needed ids of images that have a container, running or not: those that ended are the
 *   history that a rollback goes back to
 */
export function candidates(
  images: readonly PulledImage[],
  needed: ReadonlySet<string>,
  { unusedMs }: CollectionRules,
  nowMs: number,
): readonly Candidate[] {
  return images
    .filter(({ id, usedAtMs }) => !needed.has(id) && nowMs - usedAtMs >= UNUSED_MIN_MS)
    .toSorted((a, b) => a.usedAtMs - b.usedAtMs)
    .map((image) => ({ image, isExpired: nowMs - image.usedAtMs >= unusedMs }));
}
