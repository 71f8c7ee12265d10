/** What a task lacks on a node. */
export interface Lack {
  readonly Filter: string;
  readonly What: string;
  readonly Needed: string;
  readonly Available: string;
  readonly Change: string;
}

/** What the filters say of one node. */
export interface NodeVerdict {
  readonly NodeID: string;
  readonly Hostname: string;
  readonly ServiceTasks: number;
  readonly Tasks: number;
  /** Empty = the task fits. */
  readonly Lacks: readonly Lack[];
}

/** `GET /skep/v1/tasks/{id}/why`. */
export interface TaskVerdicts {
  readonly TaskID: string;
  /** Empty = it has none yet. */
  readonly NodeID: string;
  readonly State: string;
  readonly Message: string;
  readonly Err: string;
  /** Empty when the task fits somewhere. */
  readonly SmallestChange: string;
  readonly Nodes: readonly NodeVerdict[];
}

/** `POST /skep/v1/services/plan`. */
export interface ServicePlan {
  readonly Placements: readonly {
    readonly NodeID: string;
    readonly Hostname: string;
    readonly Tasks: number;
  }[];
  readonly Kept: number;
  readonly Replaced: number;
  readonly Removed: number;
  readonly Waiting: number;
  readonly Explanation: string;
}

/** `GET /skep/v1/nodes/what-if`. */
export interface NodeLoss {
  readonly KeepsQuorum: boolean;
  readonly Services: readonly {
    readonly ServiceID: string;
    readonly Name: string;
    readonly Untouched: number;
    readonly Moved: number;
    readonly Lost: number;
    readonly Explanation: string;
  }[];
}
