import { exitStatus, messageOf } from "../../lib/errors.ts";
import type { Context } from "../context.ts";
import { QuietExit } from "../exit.ts";

/** Some of a command's objects failed; each failure has been told already. */
export class PartialFailure extends QuietExit {
  override readonly name = "PartialFailure";

  constructor(exit: number) {
    super(exit, "some of the objects failed");
  }
}

/**
 * Does `work` for each of `names`, one after the other, telling each failure as it comes; throws
 * at the end when there was one. Ctrl-C ends it at once.
 */
export async function forEachName(
  names: readonly string[],
  context: Context,
  work: (name: string) => Promise<void>,
): Promise<void> {
  let exit = 0;
  for (const name of names) {
    try {
      await work(name);
    } catch (error) {
      if (context.signal.aborted) throw error;
      context.err.write(`swarm: ${messageOf(error)}\n`);
      exit ||= exitStatus(error);
    }
  }
  if (exit !== 0) throw new PartialFailure(exit);
}
