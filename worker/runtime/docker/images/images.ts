import type Docker from "dockerode";
import type { ImageInspectInfo } from "dockerode";
import { abortable, cancelled } from "../../../../lib/abort.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { isSwarmError } from "../../../../lib/errors.ts";
import type { Logger } from "../../../../lib/log.ts";
import { engineCall, fromEngine } from "../engine-error.ts";
import type { ImageBook } from "./image-book.ts";
import { isPinned, PullFailures } from "./pull-rules.ts";
import { pullImage } from "./pull.ts";

export interface ImagesOptions {
  /** An image that is here is taken as it is, whatever the registry has by now. */
  readonly preferLocal: boolean;
}

export interface ImagesModules {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where it is noted what was pulled. */
  readonly book: ImageBook;
}

/** A pull under way. When nobody waits for it any more it is broken off. */
interface Pull {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * The images of the local engine. A tag is asked for at its registry for each task, as it may have
 * moved; tasks that ask at a time share one pull. An image that is named by its digest, or by id,
 * is pulled only if it is not here. Where a pull fails, the image that is here will do, and the
 * registry is left alone for a while.
 */
export class Images {
  readonly #options: ImagesOptions;
  readonly #modules: ImagesModules;
  readonly #pulls = new Map<string, Pull>();
  /** Questions under way whether an image is here, and which. */
  readonly #looks = new Map<string, Promise<ImageInspectInfo>>();
  readonly #failures = new PullFailures();

  constructor(options: ImagesOptions, modules: ImagesModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /**
   * Makes sure that a task can have the image. Throws `not-found` with the registry's reason when it
   * is neither here nor to be had; the same again, at once, while it is too early to ask anew.
   */
  async ensure(image: string, registryAuth: string, signal: AbortSignal): Promise<void> {
    const { book, clock } = this.#modules;
    const present = await this.#found(() => this.#look(image), signal);
    const isEnough = present && (this.#options.preferLocal || isPinned(image, present));
    if (!isEnough) await this.#ask(image, registryAuth, present, signal);
    const id = isEnough ? present : await this.#find(image, signal);
    if (id) book.used(id, clock.now());
  }

  /** Tasks that ask at a time share one question: of a service they all have the same image. */
  #look(image: string): Promise<ImageInspectInfo> {
    const under = this.#looks.get(image);
    if (under) return under;
    const look = this.#inspect(image).finally(() => this.#looks.delete(image));
    this.#looks.set(image, look);
    return look;
  }

  #inspect(image: string): Promise<ImageInspectInfo> {
    return this.#modules.docker.getImage(image).inspect();
  }

  /** The id of an image that is here now; null when it is not. */
  #find(image: string, signal: AbortSignal): Promise<string | null> {
    return this.#found(() => this.#inspect(image), signal);
  }

  async #found(
    inspect: () => Promise<ImageInspectInfo>,
    signal: AbortSignal,
  ): Promise<string | null> {
    try {
      return (await engineCall(inspect, signal)).Id;
    } catch (error) {
      if (isSwarmError(error, "not-found")) return null;
      throw error;
    }
  }

  async #ask(image: string, auth: string, present: string | null, signal: AbortSignal) {
    const { clock, log } = this.#modules;
    const key = `${image}\0${auth}`;
    const refusal = this.#failures.refusal(key, clock.monotonic());
    if (refusal && present) return;
    if (refusal) throw refusal;
    try {
      await this.#share(key, image, auth, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!present) throw error;
      log.warn({ image, err: error }, "an image could not be pulled, the one that is here is used");
    }
  }

  async #share(key: string, image: string, auth: string, signal: AbortSignal): Promise<void> {
    let pull = this.#pulls.get(key);
    if (!pull) {
      const controller = new AbortController();
      const work = this.#pull(key, image, auth, controller.signal);
      const done = work.finally(() => this.#drop(key, controller));
      // Whoever has left hears no more of it.
      done.catch(() => {});
      pull = { done, controller, waiting: 0 };
      this.#pulls.set(key, pull);
    }
    pull.waiting++;
    try {
      await abortable(pull.done, signal);
    } finally {
      pull.waiting--;
      if (pull.waiting === 0) {
        this.#drop(key, pull.controller);
        pull.controller.abort(cancelled("no task needs the image any more"));
      }
    }
  }

  /** A pull that has ended, or is being broken off, is not to be joined. */
  #drop(key: string, controller: AbortController): void {
    if (this.#pulls.get(key)?.controller === controller) this.#pulls.delete(key);
  }

  async #pull(key: string, image: string, auth: string, signal: AbortSignal): Promise<void> {
    const { docker, clock, book } = this.#modules;
    try {
      const list = await engineCall(() => docker.listImages(), signal);
      const before = new Set(list.map(({ Id }) => Id));
      await pullImage(image, auth, this.#modules, signal);
      this.#failures.succeeded(key);
      const id = await this.#find(image, signal);
      // One that was here by other means has its own operator.
      if (id && (!before.has(id) || book.has(id))) book.pulled(id, image, clock.now());
    } catch (error) {
      signal.throwIfAborted();
      const failure = fromEngine(error);
      if (failure.code === "not-found") this.#failures.failed(key, failure, clock.monotonic());
      throw failure;
    }
  }
}
