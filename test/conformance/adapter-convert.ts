import { decodeConfChange } from "../../raft/core/conf-change-codec.ts";
import { APPEND_THREAD, APPLY_THREAD, newMessage } from "../../raft/core/message.ts";
import type { Message, MessageType } from "../../raft/core/message.ts";
import type {
  ConfChange,
  ConfChangeStep,
  ConfState,
  Entry,
  ProgressView,
  Role,
  SnapshotMeta,
} from "../../raft/core/types.ts";
import type {
  RunnerConfChange,
  RunnerConfState,
  RunnerEntry,
  RunnerMessage,
  RunnerProgress,
  RunnerSnapshot,
  RunnerStepType,
  Target,
} from "./adapter-types.ts";

const NO_BYTES = new Uint8Array(0);
/** First byte of a change's context: proposed in the old, single-step format. */
const V1_MARK = 1;

const STEP_TYPES: Readonly<Record<RunnerStepType, ConfChangeStep["type"]>> = {
  ConfChangeAddNode: "add-voter",
  ConfChangeAddLearnerNode: "add-learner",
  ConfChangeRemoveNode: "remove",
  ConfChangeUpdateNode: "update",
};

const RUNNER_STEP_TYPES: Readonly<Record<ConfChangeStep["type"], RunnerStepType>> = {
  "add-voter": "ConfChangeAddNode",
  "add-learner": "ConfChangeAddLearnerNode",
  remove: "ConfChangeRemoveNode",
  update: "ConfChangeUpdateNode",
};

export const ROLE_NAMES: Readonly<Record<Role, string>> = {
  follower: "StateFollower",
  candidate: "StateCandidate",
  "pre-candidate": "StatePreCandidate",
  leader: "StateLeader",
};

const PROGRESS_NAMES: Readonly<Record<ProgressView["state"], string>> = {
  probe: "StateProbe",
  replicate: "StateReplicate",
  snapshot: "StateSnapshot",
};

export function toConfChange({ v1, transition, changes, context }: RunnerConfChange): ConfChange {
  const mark = v1 || context.length > 0 ? [v1 ? V1_MARK : 0] : [];
  return {
    transition,
    steps: changes.map(({ type, nodeId }) => ({ type: STEP_TYPES[type], id: nodeId })),
    context: Uint8Array.from([...mark, ...context]),
  };
}

export function fromConfChangeData(data: Uint8Array): RunnerConfChange {
  const { transition, steps, context } = decodeConfChange(data);
  return {
    v1: context[0] === V1_MARK,
    transition,
    changes: steps.map(({ type, id }) => ({ type: RUNNER_STEP_TYPES[type], nodeId: id })),
    context: context.slice(1),
  };
}

export function fromEntry(entry: Entry): RunnerEntry {
  const { term, index, data } = entry;
  if (entry.type === "normal") return { type: "EntryNormal", term, index, data };
  const { v1 } = fromConfChangeData(data);
  return { type: v1 ? "EntryConfChange" : "EntryConfChangeV2", term, index, data };
}

export function toEntry({ type, term, index, data }: RunnerEntry): Entry {
  return { term, index, type: type === "EntryNormal" ? "normal" : "conf-change", data };
}

export function toConfState(state: RunnerConfState): ConfState {
  const ascending = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);
  return {
    voters: ascending(state.voters),
    votersOutgoing: ascending(state.votersOutgoing),
    learners: ascending(state.learners),
    learnersNext: ascending(state.learnersNext),
    autoLeave: state.autoLeave,
  };
}

/** The core keeps only a snapshot's identity; the runner also wants its bytes. */
export const toSnapshotMeta = ({ metadata }: RunnerSnapshot): SnapshotMeta => ({
  index: metadata.index,
  term: metadata.term,
  confState: toConfState(metadata.confState),
});

export const fromSnapshotMeta = (meta: SnapshotMeta, data: Uint8Array): RunnerSnapshot => ({
  data,
  metadata: { index: meta.index, term: meta.term, confState: meta.confState },
});

export function fromProgress(view: ProgressView): RunnerProgress {
  return { ...view, state: PROGRESS_NAMES[view.state] };
}

const TARGETS: ReadonlyMap<Target, number> = new Map<Target, number>([
  ["AppendThread", APPEND_THREAD],
  ["ApplyThread", APPLY_THREAD],
]);

const toTarget = (target: Target): number =>
  typeof target === "number" ? target : TARGETS.get(target)!;

function fromTarget(id: number): Target {
  if (id === APPEND_THREAD) return "AppendThread";
  return id === APPLY_THREAD ? "ApplyThread" : id;
}

/** The core's read position and its mark of a forced vote, as the runner's opaque bytes. */
function fromContext(context: number, forced: boolean): Uint8Array {
  if (context === 0 && !forced) return NO_BYTES;
  return new TextEncoder().encode(`${forced ? "forced" : ""} ${context}`);
}

/** `snapshotData` gives the bytes of a snapshot that a message names. */
export function fromMessage(
  m: Message,
  snapshotData: (index: number) => Uint8Array,
): RunnerMessage {
  // A wish to hand over that is passed on names its target as the sender there.
  const wish = m.type === "MsgTransferLeader";
  const base = {
    type: m.type,
    from: fromTarget(wish ? m.context : m.from),
    to: fromTarget(m.to),
    term: m.term,
    logTerm: m.logTerm,
    index: m.index,
    commit: m.commit,
    vote: m.vote,
    entries: m.entries.map(fromEntry),
    reject: m.reject,
    rejectHint: m.rejectHint,
    context: wish ? NO_BYTES : fromContext(m.context, m.forced),
    responses: m.responses.map((response) => fromMessage(response, snapshotData)),
  };
  const { snapshot } = m;
  if (!snapshot) return base;
  return { ...base, snapshot: fromSnapshotMeta(snapshot, snapshotData(snapshot.index)) };
}

export function toMessage(m: RunnerMessage): Message {
  const [mark = "", context = "0"] = new TextDecoder().decode(m.context ?? NO_BYTES).split(" ");
  return {
    ...newMessage(m.type as MessageType, toTarget(m.from), toTarget(m.to), m.term ?? 0),
    logTerm: m.logTerm ?? 0,
    index: m.index ?? 0,
    commit: m.commit ?? 0,
    vote: m.vote ?? 0,
    entries: (m.entries ?? []).map(toEntry),
    reject: m.reject ?? false,
    rejectHint: m.rejectHint ?? 0,
    context: m.type === "MsgTransferLeader" ? toTarget(m.from) : Number(context),
    forced: mark === "forced",
    snapshot: m.snapshot ? toSnapshotMeta(m.snapshot) : null,
  };
}
