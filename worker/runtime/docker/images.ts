import type Docker from "dockerode";
import type { AuthConfig } from "dockerode";
import { abortable } from "../../../lib/abort.ts";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import { engineCall, fromEngine } from "./engine-error.ts";

/** base64url JSON, as clients put it into X-Registry-Auth. */
function authOf(registryAuth: string): AuthConfig | undefined {
  if (registryAuth === "") return undefined;
  return JSON.parse(Buffer.from(registryAuth, "base64url").toString("utf8"));
}

/** The images of the local engine: each is pulled once however many tasks ask for it at a time. */
export class Images {
  readonly #docker: Docker;
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /**
   * Makes sure that the image is there; one that is present is not pulled again. Throws
   * `not-found` with the registry's reason when it is neither present nor to be had.
   */
  async ensure(image: string, registryAuth: string, signal: AbortSignal): Promise<void> {
    if (await this.#present(image, signal)) return;
    const key = `${image}\0${registryAuth}`;
    let pull = this.#pulls.get(key);
    if (!pull) {
      pull = this.#pull(image, registryAuth).finally(() => this.#pulls.delete(key));
      this.#pulls.set(key, pull);
    }
    await abortable(pull, signal);
  }

  async #present(image: string, signal: AbortSignal): Promise<boolean> {
    try {
      await engineCall(() => this.#docker.getImage(image).inspect(), signal);
      return true;
    } catch (error) {
      if (isSwarmError(error, "not-found")) return false;
      throw error;
    }
  }

  async #pull(image: string, registryAuth: string): Promise<void> {
    try {
      const authconfig = authOf(registryAuth);
      const stream = await this.#docker.pull(image, authconfig ? { authconfig } : {});
      await new Promise<void>((resolve, reject) => {
        this.#docker.modem.followProgress(stream, (error: Error | null) =>
          error ? reject(error) : resolve(),
        );
      });
    } catch (error) {
      const { message } = fromEngine(error);
      throw new SwarmError("not-found", `No such image: ${image} (pulling it failed: ${message})`, {
        cause: error,
      });
    }
  }
}
