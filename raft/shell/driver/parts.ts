import { configOf, type Config } from "../../core/config.ts";
import { RaftCore } from "../../core/raft-core.ts";
import type { Id, SnapshotMeta } from "../../core/types.ts";
import { NO_MEMBERSHIP, type Membership } from "../membership.ts";
import { decodeSnapshot } from "../snapshots/snapshot-store.ts";
import { AppendWorker } from "./append-worker.ts";
import { ApplyQueue } from "./apply-queue.ts";
import { Changes } from "./changes.ts";
import { FreeSpace } from "./free-space.ts";
import { Group } from "./group.ts";
import { LeaderWatch } from "./leader-watch.ts";
import { logViewOf } from "./log-view.ts";
import { Proposals } from "./proposals.ts";
import type { DriverHooks, DriverModules, DriverOptions } from "./driver-modules.ts";
import { Reads } from "./reads.ts";
import { Snapshotting } from "./snapshotting.ts";
import { StatusReport } from "./status-report.ts";
import { Turns } from "./turns.ts";

/** A member that was silent for this many election timeouts counts as away. */
const AWAY_TIMEOUTS = 2;

/** What a driver consists of. */
export interface Parts {
  readonly core: RaftCore;
  readonly group: Group;
  readonly append: AppendWorker;
  readonly apply: ApplyQueue;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly changes: Changes;
  readonly snapshotting: Snapshotting;
  readonly leaderWatch: LeaderWatch;
  readonly space: FreeSpace;
  readonly status: StatusReport;
  readonly turns: Turns;
}

/** The core as the store left it, and the members it knows. */
function openCore(
  { self, tickMs, electionTicks, core: settings }: DriverOptions,
  { store, random, onCore }: DriverModules,
  sendable: () => SnapshotMeta | null,
): { readonly core: RaftCore; readonly membership: Membership; readonly config: Config } {
  const int = (bound: number): number => random.int(bound);
  const config = configOf({ ...settings, id: self.id, random: int, tickMs, electionTicks });
  const { data, index: applied } = store.snapshot;
  const membership = applied === 0 ? NO_MEMBERSHIP : decodeSnapshot(data).membership;
  const { hardState } = store;
  const { confState } = membership;
  const core = new RaftCore(config, logViewOf(store, sendable), { hardState, confState, applied });
  onCore?.(core);
  return { core, membership, config };
}

/** Builds the core from what the store holds, and the parts around it. */
export function assembleParts(
  options: DriverOptions,
  modules: DriverModules,
  hooks: DriverHooks,
): Parts {
  const { store, transport, random, clock, log, port } = modules;
  const { tickMs, electionTicks } = options;
  const post = port.post.bind(port);
  const { core, membership, config } = openCore(options, modules, () => snapshotting.sendable());
  const group = new Group(options.self, options.peers, membership, {
    core,
    transport,
    clock,
    awayMs: AWAY_TIMEOUTS * tickMs * electionTicks,
  });
  const space = new FreeSpace({ freeBytes: modules.freeBytes, log });
  const snapshotting: Snapshotting = new Snapshotting(options.snapshots, {
    core,
    store,
    transport,
    group,
    log,
    post,
    space,
    snapshots: modules.snapshots,
    step: hooks.step,
    wake: hooks.wake,
  });
  const turns = new Turns();
  const changes = new Changes({ core, random, log, turns, group, wake: hooks.wake });
  const controlAddr = (id: Id): string | undefined => group.membership.members.get(id)?.controlAddr;
  const proposals = new Proposals({ post, controlAddr, space }, config.maxEntryBytes);
  const { append, apply } = storageWorkers(modules, hooks, { snapshotting, proposals });
  const watch = { core, clock, random, log, group, changes, append, space, later: hooks.later };
  const leaderWatch = new LeaderWatch((tickMs * electionTicks) / 2, watch);
  const reads = new Reads(post, store.boot);
  const isReachable = transport.isReachable.bind(transport);
  const status = new StatusReport({ core, store, group, isReachable, post });
  return {
    core,
    group,
    append,
    apply,
    proposals,
    reads,
    changes,
    snapshotting,
    leaderWatch,
    space,
    status,
    turns,
  };
}

/** The two workers of the asynchronous storage mode. */
function storageWorkers(
  { store, clock, port, defer }: DriverModules,
  { deliver, install, fail, applyConfChange }: DriverHooks,
  { snapshotting, proposals }: Pick<Parts, "snapshotting" | "proposals">,
): Pick<Parts, "append" | "apply"> {
  const append = new AppendWorker(
    { store, clock, defer },
    {
      deliver,
      install,
      fail,
      describe: (meta) => snapshotting.describe(meta),
    },
  );
  const apply = new ApplyQueue({
    post: port.post.bind(port),
    deliver,
    applyConfChange,
    flush: () => append.flush(),
    confirmed: (entry) => proposals.confirmed(entry),
  });
  return { append, apply };
}
