import type { SeededRandom } from "../../../lib/random.ts";
import type { Task } from "../../../proto/generated.ts";
import type { TaskExit } from "../../../worker/runtime/runtime.ts";

/** How a task's program fares. Times in ms. */
export interface Fate {
  readonly prepareMs: number;
  readonly startMs: number;
  readonly stopMs: number;
  /** The image cannot be had. */
  readonly unpullable: boolean;
  /** The start never ends. */
  readonly hangs: boolean;
  /** The health check never passes. */
  readonly unhealthy: boolean;
  /** It ends by itself. */
  readonly ends: { readonly afterMs: number; readonly exit: TaskExit } | null;
}

/** What images there are; the name says how their programs fare. */
export const IMAGES = [
  "steady",
  "slow",
  "crashes",
  "flaky",
  "unpullable",
  "hangs",
  "unhealthy",
  "work",
  "bad-work",
] as const;

export type Image = (typeof IMAGES)[number];

const GOOD: TaskExit = { code: 0, error: "" };
const BAD: TaskExit = { code: 1, error: "" };

/** The image that `task` runs, without its tag. */
export function imageOf({ spec }: Task): string {
  return spec?.runtime === "container" ? spec.container.image.split(":")[0]! : "";
}

/** How `task` fares: by its image, and by chance that is its own. */
export function fateOf(task: Task, random: SeededRandom): Fate {
  const image = imageOf(task);
  const slow = image === "slow" ? 10 : 1;
  return {
    prepareMs: (20 + random.int(400)) * slow,
    startMs: (10 + random.int(300)) * slow,
    stopMs: random.int(10) === 0 ? random.int(9_000) : random.int(300),
    unpullable: image === "unpullable",
    hangs: image === "hangs",
    unhealthy: image === "unhealthy",
    ends: endOf(image, random),
  };
}

function endOf(image: string, random: SeededRandom): Fate["ends"] {
  const coin = random.int(2) === 0;
  const afterMs = 50 + random.int(4_000);
  if (image === "crashes" || (image === "flaky" && coin)) return { afterMs, exit: BAD };
  if (image === "bad-work") return { afterMs, exit: coin ? BAD : GOOD };
  return image === "work" ? { afterMs, exit: GOOD } : null;
}
