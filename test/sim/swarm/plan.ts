import type { SeededRandom } from "../../../lib/random.ts";
import type { MemberSettings } from "../raft/member.ts";
import type { Moves } from "./mover.ts";

/** What one run is made of, drawn from its seed. */
export interface SwarmPlan {
  readonly managers: number;
  readonly workers: number;
  /** Length of the phase with faults and traffic, ms of virtual time. */
  readonly faultMs: number;
  /** Mean pause between two faults, ms. */
  readonly gapMs: number;
  /** Mean pause between two requests of the user, ms. */
  readonly thinkMs: number;
  readonly settings: MemberSettings;
  /** One worker does not come back after the faults. */
  readonly loss: boolean;
  /** Machines that may be made managers; where there are any, managers are unmade as well. */
  readonly recruits: number;
  /** Workers are removed while they run. */
  readonly removals: boolean;
  /** Who has running tasks moved. */
  readonly moves: Moves;
  /** A scheduler beside the cluster's own takes part. */
  readonly outside: boolean;
}

/** Wall clock at the start of every run: 2026-01-01T00:00:00Z. */
export const EPOCH_MS = 1_767_225_600_000;

export function drawSwarmPlan(random: SeededRandom): SwarmPlan {
  const workers = 2 + random.int(4);
  return {
    managers: [1, 3, 3, 3, 3, 5][random.int(6)]!,
    workers,
    // Of a stream of their own: the runs of all other seeds stay as they were.
    recruits: [0, 0, 3][random.split("recruits").int(3)]!,
    removals: workers > 2 && random.split("removals").int(3) === 0,
    moves: (["none", "asked", "automatic"] as const)[random.split("moves").int(3)]!,
    outside: random.split("outside").int(3) === 0,
    loss: workers > 2 && random.int(3) === 0,
    faultMs: 20_000 + random.int(40_000),
    gapMs: [700, 1_500, 3_000, 8_000][random.int(4)]!,
    thinkMs: [250, 600, 1_500][random.int(3)]!,
    settings: {
      electionTicks: 8 + random.int(4),
      snapshotEntries: [20, 60, 400][random.int(3)]!,
      keepEntries: random.int(20),
      diskMaxUs: [300, 2_000, 20_000][random.int(3)]!,
      cacheBytes: Number.MAX_SAFE_INTEGER,
      core: {},
      epochMs: EPOCH_MS,
    },
  };
}
