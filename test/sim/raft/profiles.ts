import type { SeededRandom } from "../../../lib/random.ts";
import type { Config } from "../../../raft/core/config.ts";
import type { MemberSettings } from "./member.ts";

/** Every kind of fault; see faults.ts. */
export const FAULT_KINDS = [
  "crash",
  "crash-all",
  "disk-slow",
  "disk-stall",
  "disk-full",
  "pause",
  "host-stall",
  "clock-rate",
  "weather",
  "split",
  "one-way",
  "isolate",
  "bridge",
  "flap",
  "clog",
  "transfer",
  "add",
  "remove",
  "remove-leader",
  "replace",
  "joint",
  "burst",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** A kind of run: which faults there are, and how the members are set. */
export interface Profile {
  readonly name: string;
  readonly faults: readonly FaultKind[];
  /** Mean pause between two faults, ms. */
  readonly gapMs: number;
  /** Whether reads are served by leases: in no run, in every second one, in all. */
  readonly leases: "never" | "maybe" | "always";
  /** PreVote and CheckQuorum may be off. */
  readonly bare: boolean;
  /** Sizes of the group to choose from; three, mostly, unless given. */
  readonly sizes?: readonly number[];
  /** Snapshots are taken all the time, and little log is kept beside them. */
  readonly snapshots?: boolean;
}

const NETWORK = [
  "weather",
  "split",
  "one-way",
  "isolate",
  "bridge",
  "flap",
  "clog",
  "burst",
  "burst",
] as const;
const CRASHES = [
  "crash",
  "crash",
  "crash-all",
  "disk-slow",
  "disk-stall",
  "disk-full",
  "burst",
] as const;
const CLOCKS = ["pause", "pause", "host-stall", "clock-rate"] as const;
const MEMBERS = [
  "add",
  "remove",
  "remove-leader",
  "replace",
  "joint",
  "joint",
  "transfer",
] as const;

const PAIRS = ["remove-leader", "remove-leader", "add", "add", "burst"] as const;

export const PROFILES: readonly Profile[] = [
  { name: "calm", faults: ["transfer"], gapMs: 4000, leases: "maybe", bare: false },
  {
    name: "network",
    faults: [...NETWORK, "transfer", "crash"],
    gapMs: 900,
    leases: "never",
    bare: true,
  },
  {
    name: "crash",
    faults: [...CRASHES, "weather", "isolate"],
    gapMs: 700,
    leases: "never",
    bare: true,
  },
  {
    name: "clock",
    faults: [...CLOCKS, "isolate", "transfer", "one-way", "weather"],
    gapMs: 900,
    leases: "maybe",
    bare: false,
  },
  {
    name: "lease",
    faults: ["isolate", "one-way", "bridge", "clog", "weather", "transfer", "transfer", "pause"],
    gapMs: 500,
    leases: "always",
    bare: false,
  },
  {
    name: "snapshots",
    faults: ["crash", "split", "isolate", "weather", "disk-slow", "disk-stall", "burst", "burst"],
    gapMs: 600,
    leases: "never",
    bare: false,
    snapshots: true,
  },
  {
    name: "members",
    faults: [...MEMBERS, ...MEMBERS, "crash", "split", "isolate", "disk-slow", "weather"],
    gapMs: 900,
    leases: "never",
    bare: false,
  },
  {
    // Each needs the other's vote, and every change of the members is one of the majority.
    name: "pairs",
    faults: ["joint", "joint", "joint", "one-way", "isolate", "clog", "weather", ...PAIRS],
    gapMs: 400,
    leases: "never",
    bare: false,
    sizes: [2],
  },
  {
    name: "swarm",
    faults: [...NETWORK, ...CRASHES, ...CLOCKS, ...MEMBERS],
    gapMs: 700,
    leases: "maybe",
    bare: false,
  },
];

/** What one run is made of, drawn from its seed. */
export interface Plan {
  readonly members: number;
  readonly clients: number;
  readonly keys: number;
  /** Share of reads among the clients' operations. */
  readonly readsPerCent: number;
  /** Length of the phase with faults, ms of virtual time. */
  readonly faultMs: number;
  readonly settings: MemberSettings;
  /** The recovery begins with as few members as can do it. */
  readonly core: boolean;
  /** Kinds of faults of this run. */
  readonly faults: readonly FaultKind[];
}

const SIZES: readonly number[] = [1, 2, 3, 3, 3, 3, 4, 5, 5];

/** Draws a plan; very small limits reach the rare transitions soonest. */
export function drawPlan(profile: Profile, random: SeededRandom): Plan {
  const { sizes = SIZES } = profile;
  const coin = random.int(2) === 0;
  const lease = profile.leases === "always" || (profile.leases === "maybe" && coin);
  const bare = profile.bare ? random.int(6) : 0;
  const tiny = random.int(4) > 0;
  const kinds = profile.faults.filter(() => random.int(3) > 0);
  const core: Partial<Config> = {
    readMode: lease ? "lease" : "safe",
    preVote: bare !== 1 && bare !== 2,
    checkQuorum: bare !== 2 && bare !== 3,
    ...(tiny ? tinyLimits(random) : {}),
  };
  return {
    members: sizes[random.int(sizes.length)]!,
    clients: 2 + random.int(3),
    keys: lease ? 1 : 1 + random.int(3),
    readsPerCent: lease ? 60 + random.int(40) : 35,
    faultMs: 10_000 + random.int(25_000),
    core: random.int(2) === 0,
    faults: kinds.length > 0 ? kinds : profile.faults,
    settings: {
      electionTicks: 5 + random.int(6),
      snapshotEntries: 4 + random.int(profile.snapshots ? 6 : 40),
      keepEntries: random.int(profile.snapshots ? 2 : 12),
      diskMaxUs: [300, 300, 2_000, 20_000][random.int(4)]!,
      cacheBytes: random.int(3) === 0 ? 400 + random.int(2000) : Number.MAX_SAFE_INTEGER,
      core,
    },
  };
}

function tinyLimits(random: SeededRandom): Partial<Config> {
  const maxBytesPerMessage = 40 + random.int(600);
  return {
    maxBytesPerMessage,
    maxInflightMessages: 1 + random.int(4),
    maxInflightBytes: maxBytesPerMessage + random.int(1000),
    maxApplyingBytes: 100 + random.int(1000),
    maxUncommittedBytes: 300 + random.int(3000),
  };
}
