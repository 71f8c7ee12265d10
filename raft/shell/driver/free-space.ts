import type { Logger } from "../../../lib/log.ts";
import type { PortError } from "./port.ts";
import { portError } from "./port-error.ts";

/**
 * With less than this left on the disk no proposal is taken: what is left is for what others have
 * committed, and for LevelDB, which needs room to make room. A log that cannot grow ends the member.
 */
export const FREE_BYTES_LOW = 64 * 1024 * 1024;

/** Proposals are taken again with this much left. */
export const FREE_BYTES_ENOUGH = 96 * 1024 * 1024;

/** Between two looks at the disk. */
const LOOK_MS = 1000;

const MIB = 1024 * 1024;

/** What this part needs of its driver. */
export interface FreeSpaceModules {
  /** Bytes left on the disk that has the state directory; undefined = as much as one likes. */
  readonly freeBytes: (() => Promise<number>) | undefined;
  readonly log: Logger;
}

/** Watches the room that is left for the log. */
export class FreeSpace {
  readonly #modules: FreeSpaceModules;
  #bytes = Infinity;
  #low = false;
  #lookNext = -Infinity;
  #looking = false;

  constructor(modules: FreeSpaceModules) {
    this.#modules = modules;
  }

  /** The log must not be made to grow by this member's own will. */
  get low(): boolean {
    return this.#low;
  }

  /** Why no proposal is taken; null when they are. */
  get refusal(): PortError | null {
    if (!this.#low) return null;
    const left = Math.floor(this.#bytes / MIB);
    return portError(
      "exhausted",
      `the disk of this manager's state directory is nearly full (${left} MiB left): free some ` +
        `space; changes are taken again once ${FREE_BYTES_ENOUGH / MIB} MiB are free`,
    );
  }

  /** Looks at the disk if it is time to; `now`: monotonic ms. Called once a tick. */
  async look(now: number): Promise<void> {
    const { freeBytes, log } = this.#modules;
    if (!freeBytes || this.#looking || now < this.#lookNext) return;
    this.#lookNext = now + LOOK_MS;
    this.#looking = true;
    try {
      this.#bytes = await freeBytes();
    } finally {
      this.#looking = false;
    }
    const low = this.#bytes < (this.#low ? FREE_BYTES_ENOUGH : FREE_BYTES_LOW);
    if (low === this.#low) return;
    this.#low = low;
    const fields = { freeBytes: this.#bytes };
    if (low) log.error(fields, "the disk is nearly full: no changes are taken until there is room");
    else log.info(fields, "the disk has room again: changes are taken");
  }
}
