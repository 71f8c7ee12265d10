import { configOf } from "../../core/config.ts";
import { RaftCore } from "../../core/raft-core.ts";
import type { Id } from "../../core/types.ts";
import { NO_MEMBERSHIP } from "../membership.ts";
import { decodeSnapshot } from "../snapshots/snapshot-store.ts";
import { AppendWorker } from "./append-worker.ts";
import { ApplyQueue } from "./apply-queue.ts";
import { Changes } from "./changes.ts";
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
  readonly status: StatusReport;
  readonly turns: Turns;
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
  const int = (bound: number): number => random.int(bound);
  const isReachable = (id: Id): boolean => transport.isReachable(id);
  const { id } = options.self;
  const config = configOf({ ...options.core, id, random: int, tickMs, electionTicks });
  const { data, index: applied } = store.snapshot;
  const membership = applied === 0 ? NO_MEMBERSHIP : decodeSnapshot(data).membership;
  const view = logViewOf(store, () => snapshotting.sendable());
  const { confState } = membership;
  const core = new RaftCore(config, view, { hardState: store.hardState, confState, applied });
  modules.onCore?.(core);
  const group = new Group(options.self, options.peers, membership, {
    core,
    transport,
    clock,
    awayMs: AWAY_TIMEOUTS * tickMs * electionTicks,
  });
  const snapshotting: Snapshotting = new Snapshotting(options.snapshots, {
    core,
    store,
    transport,
    group,
    log,
    post,
    snapshots: modules.snapshots,
    step: hooks.step,
    wake: hooks.wake,
  });
  const turns = new Turns();
  const changes = new Changes({ core, random, log, turns, group, wake: hooks.wake });
  const controlAddr = (id: Id): string | undefined => group.membership.members.get(id)?.controlAddr;
  const proposals = new Proposals({ post, controlAddr }, config.maxEntryBytes);
  const { append, apply } = storageWorkers(modules, hooks, { snapshotting, proposals });
  const watch = { core, clock, random, log, group, changes, append, later: hooks.later };
  const leaderWatch = new LeaderWatch((tickMs * electionTicks) / 2, watch);
  const reads = new Reads(post, store.boot);
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
    status,
    turns,
  };
}

/** The two workers of the asynchronous storage mode. */
function storageWorkers(
  { store, clock, port }: DriverModules,
  { deliver, install, fail, applyConfChange }: DriverHooks,
  { snapshotting, proposals }: Pick<Parts, "snapshotting" | "proposals">,
): Pick<Parts, "append" | "apply"> {
  const append = new AppendWorker(store, clock, {
    deliver,
    install,
    fail,
    describe: (meta) => snapshotting.describe(meta),
  });
  const apply = new ApplyQueue({
    post: port.post.bind(port),
    deliver,
    applyConfChange,
    flush: () => append.flush(),
    confirmed: (entry) => proposals.confirmed(entry),
  });
  return { append, apply };
}
