import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isErrnoException } from "../../../../lib/errno.ts";
import { messageOf } from "../../../../lib/errors.ts";
import type { Logger } from "../../../../lib/log.ts";

/** An image that this node has pulled for a task. */
export interface PulledImage {
  /** The engine's id, `sha256:…`. */
  readonly id: string;
  /** The references it was pulled by. */
  readonly references: readonly string[];
  /** When a task last needed it, milliseconds since the epoch. */
  readonly usedAtMs: number;
}

/** Images that are remembered; beyond that the one unused longest is left to its operator. */
const IMAGES_MAX = 1_000;

/**
 * The images that tasks of this node have brought to its engine, kept in a file: only these are ever
 * collected. Where the file is lost, or swarmd ends between a pull and its note, an image stays: that
 * is the safe side.
 */
export class ImageBook {
  readonly #file: string;
  readonly #log: Logger;
  readonly #images: Map<string, PulledImage>;

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    this.#images = new Map(load(file, log).map((image) => [image.id, image]));
  }

  all(): readonly PulledImage[] {
    return [...this.#images.values()];
  }

  has(id: string): boolean {
    return this.#images.has(id);
  }

  /** Notes, on disk too, that the image was pulled as `reference`. */
  pulled(id: string, reference: string, nowMs: number): void {
    const references = new Set(this.#images.get(id)?.references).add(reference);
    // One reference names one image: it has moved here from any other.
    for (const other of this.#images.values()) {
      if (other.id === id || !other.references.includes(reference)) continue;
      const left = other.references.filter((one) => one !== reference);
      this.#images.set(other.id, { ...other, references: left });
    }
    this.#images.set(id, { id, references: [...references], usedAtMs: nowMs });
    this.#bound();
    this.save();
  }

  /** Notes that a task needs the image now. One that was not pulled here is none of our business. */
  used(id: string, nowMs: number): void {
    const known = this.#images.get(id);
    if (known) this.#images.set(id, { ...known, usedAtMs: Math.max(known.usedAtMs, nowMs) });
  }

  /** Forgets an image: it is gone, or somebody else's now. */
  forget(id: string): void {
    this.#images.delete(id);
  }

  /** Writes the book down. A disk that refuses costs a note, not a task. */
  save(): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      const text = JSON.stringify({ images: this.all() });
      writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#log.warn({ err: error }, "the list of pulled images could not be written");
    }
  }

  #bound(): void {
    while (this.#images.size > IMAGES_MAX) {
      const [oldest] = this.all().toSorted((a, b) => a.usedAtMs - b.usedAtMs);
      this.#images.delete(oldest?.id ?? "");
    }
  }
}

function load(file: string, log: Logger): readonly PulledImage[] {
  try {
    const { images } = JSON.parse(readFileSync(file, "utf8")) as {
      images?: readonly PulledImage[];
    };
    return images ?? [];
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return [];
    log.warn({ file, reason: messageOf(error) }, "the list of pulled images starts anew");
    return [];
  }
}
