// Printed from proto/*.proto by `npm run codegen`. Do not edit.
import type { Call } from "./call.ts";
import { method, type RpcService } from "./method.ts";

/** Where a task is in its life. Observed states only grow; the gaps leave room for new ones. */
export const TaskState = {
  NEW: 0,
  PENDING: 64,
  ASSIGNED: 192,
  ACCEPTED: 256,
  PREPARING: 320,
  READY: 384,
  STARTING: 448,
  RUNNING: 512,
  COMPLETE: 576,
  SHUTDOWN: 640,
  FAILED: 704,
  REJECTED: 768,
  REMOVE: 800,
  ORPHANED: 832,
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

export const NodeRole = {
  WORKER: 0,
  MANAGER: 1,
} as const;
export type NodeRole = (typeof NodeRole)[keyof typeof NodeRole];

export const NodeMembership = {
  PENDING: 0,
  ACCEPTED: 1,
} as const;
export type NodeMembership = (typeof NodeMembership)[keyof typeof NodeMembership];

export const NodeAvailability = {
  ACTIVE: 0,
  PAUSE: 1,
  DRAIN: 2,
} as const;
export type NodeAvailability = (typeof NodeAvailability)[keyof typeof NodeAvailability];

export const NodeState = {
  UNKNOWN: 0,
  DOWN: 1,
  READY: 2,
  DISCONNECTED: 3,
} as const;
export type NodeState = (typeof NodeState)[keyof typeof NodeState];

export const IssuanceState = {
  UNKNOWN: 0,
  RENEW: 1,
  PENDING: 2,
  ISSUED: 3,
  FAILED: 4,
  ROTATE: 5,
} as const;
export type IssuanceState = (typeof IssuanceState)[keyof typeof IssuanceState];

/** How the scheduler orders the nodes that fit. DEFAULT follows the cluster's setting, and that one's default is SPREAD. */
export const PlacementStrategy = {
  DEFAULT: 0,
  SPREAD: 1,
  BINPACK: 2,
  RANDOM: 3,
} as const;
export type PlacementStrategy = (typeof PlacementStrategy)[keyof typeof PlacementStrategy];

export const PortProtocol = {
  TCP: 0,
  UDP: 1,
  SCTP: 2,
} as const;
export type PortProtocol = (typeof PortProtocol)[keyof typeof PortProtocol];

export const PublishMode = {
  INGRESS: 0,
  HOST: 1,
} as const;
export type PublishMode = (typeof PublishMode)[keyof typeof PublishMode];

export const Reachability = {
  UNKNOWN: 0,
  UNREACHABLE: 1,
  REACHABLE: 2,
} as const;
export type Reachability = (typeof Reachability)[keyof typeof Reachability];

/** How fresh a read must be. LOCAL answers from this manager's state as it is; LINEARIZABLE waits until it holds everything that was committed when the call was made; RECENT waits so for a moment and then answers all the same. */
export const ReadConsistency = {
  LOCAL: 0,
  LINEARIZABLE: 1,
  RECENT: 2,
} as const;
export type ReadConsistency = (typeof ReadConsistency)[keyof typeof ReadConsistency];

export const UpdateServiceRequestRollback = {
  NONE: 0,
  PREVIOUS: 1,
} as const;
export type UpdateServiceRequestRollback = (typeof UpdateServiceRequestRollback)[keyof typeof UpdateServiceRequestRollback];

export const TaskMoveStatePhase = {
  WAITING: 0,
  STARTING: 1,
  DONE: 2,
  GIVEN_UP: 3,
} as const;
export type TaskMoveStatePhase = (typeof TaskMoveStatePhase)[keyof typeof TaskMoveStatePhase];

export const UpdateStatusState = {
  UNKNOWN: 0,
  UPDATING: 1,
  PAUSED: 2,
  COMPLETED: 3,
  ROLLBACK_STARTED: 4,
  ROLLBACK_PAUSED: 5,
  ROLLBACK_COMPLETED: 6,
} as const;
export type UpdateStatusState = (typeof UpdateStatusState)[keyof typeof UpdateStatusState];

export const VolumePublishStatusState = {
  PENDING_PUBLISH: 0,
  PUBLISHED: 1,
  PENDING_NODE_UNPUBLISH: 2,
  PENDING_UNPUBLISH: 3,
} as const;
export type VolumePublishStatusState = (typeof VolumePublishStatusState)[keyof typeof VolumePublishStatusState];

export const MountType = {
  BIND: 0,
  VOLUME: 1,
  TMPFS: 2,
  NPIPE: 3,
  CLUSTER: 4,
} as const;
export type MountType = (typeof MountType)[keyof typeof MountType];

export const RestartPolicyCondition = {
  NONE: 0,
  ON_FAILURE: 1,
  ANY: 2,
} as const;
export type RestartPolicyCondition = (typeof RestartPolicyCondition)[keyof typeof RestartPolicyCondition];

export const UpdateConfigFailureAction = {
  PAUSE: 0,
  CONTINUE: 1,
  ROLLBACK: 2,
} as const;
export type UpdateConfigFailureAction = (typeof UpdateConfigFailureAction)[keyof typeof UpdateConfigFailureAction];

export const UpdateConfigOrder = {
  STOP_FIRST: 0,
  START_FIRST: 1,
} as const;
export type UpdateConfigOrder = (typeof UpdateConfigOrder)[keyof typeof UpdateConfigOrder];

export const EndpointSpecMode = {
  VIP: 0,
  DNSRR: 1,
} as const;
export type EndpointSpecMode = (typeof EndpointSpecMode)[keyof typeof EndpointSpecMode];

export const ScheduleConcurrency = {
  ALLOW: 0,
  FORBID: 1,
  REPLACE: 2,
} as const;
export type ScheduleConcurrency = (typeof ScheduleConcurrency)[keyof typeof ScheduleConcurrency];

export const ServiceDependencyCondition = {
  STARTED: 0,
  HEALTHY: 1,
  COMPLETED: 2,
} as const;
export type ServiceDependencyCondition = (typeof ServiceDependencyCondition)[keyof typeof ServiceDependencyCondition];

export const VolumeAccessModeScope = {
  SINGLE_NODE: 0,
  MULTI_NODE: 1,
} as const;
export type VolumeAccessModeScope = (typeof VolumeAccessModeScope)[keyof typeof VolumeAccessModeScope];

export const VolumeAccessModeSharing = {
  NONE: 0,
  READ_ONLY: 1,
  ONE_WRITER: 2,
  ALL: 3,
} as const;
export type VolumeAccessModeSharing = (typeof VolumeAccessModeSharing)[keyof typeof VolumeAccessModeSharing];

export const ChangeKind = {
  UNSPECIFIED: 0,
  CREATE: 1,
  UPDATE: 2,
  REMOVE: 3,
} as const;
export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

export const AssignmentChangeAction = {
  UPDATE: 0,
  REMOVE: 1,
} as const;
export type AssignmentChangeAction = (typeof AssignmentChangeAction)[keyof typeof AssignmentChangeAction];

export const AssignmentsMessageType = {
  COMPLETE: 0,
  INCREMENTAL: 1,
} as const;
export type AssignmentsMessageType = (typeof AssignmentsMessageType)[keyof typeof AssignmentsMessageType];

export const LogStream = {
  UNKNOWN: 0,
  STDOUT: 1,
  STDERR: 2,
} as const;
export type LogStream = (typeof LogStream)[keyof typeof LogStream];

export const RaftEntryType = {
  NORMAL: 0,
  CONF_CHANGE: 1,
} as const;
export type RaftEntryType = (typeof RaftEntryType)[keyof typeof RaftEntryType];

export const RaftMessageType = {
  UNSPECIFIED: 0,
  PROP: 1,
  APP: 2,
  APP_RESP: 3,
  VOTE: 4,
  VOTE_RESP: 5,
  PRE_VOTE: 6,
  PRE_VOTE_RESP: 7,
  SNAP: 8,
  HEARTBEAT: 9,
  HEARTBEAT_RESP: 10,
  TRANSFER_LEADER: 11,
  TIMEOUT_NOW: 12,
  READ_INDEX: 13,
  READ_INDEX_RESP: 14,
} as const;
export type RaftMessageType = (typeof RaftMessageType)[keyof typeof RaftMessageType];

export const OffersMessageType = {
  COMPLETE: 0,
  INCREMENTAL: 1,
} as const;
export type OffersMessageType = (typeof OffersMessageType)[keyof typeof OffersMessageType];

export const PlacementResultOutcome = {
  PLACED: 0,
  UNFIT: 1,
  NOT_PENDING: 2,
  NOT_YOURS: 3,
  WRONG_NODE: 4,
} as const;
export type PlacementResultOutcome = (typeof PlacementResultOutcome)[keyof typeof PlacementResultOutcome];

export const CsiPluginCapabilityServiceType = {
  UNKNOWN: 0,
  CONTROLLER_SERVICE: 1,
  VOLUME_ACCESSIBILITY_CONSTRAINTS: 2,
} as const;
export type CsiPluginCapabilityServiceType = (typeof CsiPluginCapabilityServiceType)[keyof typeof CsiPluginCapabilityServiceType];

export const CsiVolumeCapabilityAccessModeMode = {
  UNKNOWN: 0,
  SINGLE_NODE_WRITER: 1,
  SINGLE_NODE_READER_ONLY: 2,
  MULTI_NODE_READER_ONLY: 3,
  MULTI_NODE_SINGLE_WRITER: 4,
  MULTI_NODE_MULTI_WRITER: 5,
  SINGLE_NODE_SINGLE_WRITER: 6,
  SINGLE_NODE_MULTI_WRITER: 7,
} as const;
export type CsiVolumeCapabilityAccessModeMode = (typeof CsiVolumeCapabilityAccessModeMode)[keyof typeof CsiVolumeCapabilityAccessModeMode];

export const CsiControllerServiceCapabilityRpcType = {
  UNKNOWN: 0,
  CREATE_DELETE_VOLUME: 1,
  PUBLISH_UNPUBLISH_VOLUME: 2,
  PUBLISH_READONLY: 8,
  SINGLE_NODE_MULTI_WRITER: 13,
} as const;
export type CsiControllerServiceCapabilityRpcType = (typeof CsiControllerServiceCapabilityRpcType)[keyof typeof CsiControllerServiceCapabilityRpcType];

export const CsiNodeServiceCapabilityRpcType = {
  UNKNOWN: 0,
  STAGE_UNSTAGE_VOLUME: 1,
  SINGLE_NODE_MULTI_WRITER: 5,
} as const;
export type CsiNodeServiceCapabilityRpcType = (typeof CsiNodeServiceCapabilityRpcType)[keyof typeof CsiNodeServiceCapabilityRpcType];

export interface GetRootCaCertificateRequest {}

export interface GetRootCaCertificateResponse {
  /** PEM. */
  readonly certificate: string;
}

export interface IssueNodeCertificateRequest {
  /** PEM. Only its public key and signature are trusted. */
  readonly csr: string;
  /** Join token; empty for a renewal with a valid certificate. */
  readonly token: string;
  readonly availability: NodeAvailability;
}

export interface IssueNodeCertificateResponse {
  readonly nodeId: string;
  readonly membership: NodeMembership;
}

export interface NodeCertificateStatusRequest {
  readonly nodeId: string;
}

export interface NodeCertificateStatusResponse {
  readonly certificate: Certificate | null;
  /** PEM bundle of the roots to trust from now on. */
  readonly rootCa: string;
}

export interface GetUnlockKeyRequest {}

export interface GetUnlockKeyResponse {
  readonly unlockKey: Uint8Array;
  readonly version: Version | null;
}

export interface JoinRaftRequest {
  /** Where peers reach the joiner's Raft port; an unspecified IP is replaced by the caller's. */
  readonly addr: string;
  /** Where clients reach its control port. */
  readonly controlAddr: string;
}

export interface RaftPeer {
  readonly id: number;
  readonly nodeId: string;
  readonly addr: string;
  readonly controlAddr: string;
  readonly learner: boolean;
}

export interface JoinRaftResponse {
  readonly raftId: number;
  readonly members: readonly RaftPeer[];
}

export interface LeaveRaftRequest {}

export interface LeaveRaftResponse {}

/** The Raft index of the entry that last changed an object. Compared for equality only. */
export interface Version {
  readonly index: number;
}

export interface Meta {
  readonly version: Version | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface Annotations {
  readonly name: string;
  readonly labels: { readonly [key: string]: string };
}

/** A boolean that may be absent. */
export interface OptionalBool {
  readonly value: boolean;
}

/** An integer that may be absent. */
export interface OptionalInt64 {
  readonly value: number;
}

export interface Platform {
  readonly architecture: string;
  readonly os: string;
}

/** A countable or a named resource of a kind of the operator's own (GPU, FPGA …). */
export type GenericResource = {

} & ({ readonly resource: "named"; readonly named: GenericResourceNamed } | { readonly resource: "discrete"; readonly discrete: GenericResourceDiscrete } | { readonly resource?: undefined });

export interface GenericResourceNamed {
  readonly kind: string;
  readonly value: string;
}

export interface GenericResourceDiscrete {
  readonly kind: string;
  readonly value: number;
}

export interface Resources {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly generic: readonly GenericResource[];
  readonly pids: number;
}

export interface ResourceRequirements {
  readonly limits: Resources | null;
  readonly reservations: Resources | null;
  readonly swapBytes: OptionalInt64 | null;
  readonly memorySwappiness: OptionalInt64 | null;
}

export interface Driver {
  readonly name: string;
  readonly options: { readonly [key: string]: string };
}

export interface PortConfig {
  readonly name: string;
  readonly protocol: PortProtocol;
  readonly targetPort: number;
  readonly publishedPort: number;
  readonly publishMode: PublishMode;
}

export interface ContainerStatus {
  readonly containerId: string;
  readonly pid: number;
  readonly exitCode: number;
}

export interface TaskStatus {
  readonly timestampMs: number;
  readonly state: TaskState;
  readonly message: string;
  /** Why the task is not where it should be; empty when all is well. */
  readonly err: string;
  readonly container: ContainerStatus | null;
  readonly ports: readonly PortConfig[];
  /** Node id of the manager that recorded the status, and when. */
  readonly appliedBy: string;
  readonly appliedAtMs: number;
}

export interface EngineDescription {
  readonly engineVersion: string;
  readonly labels: { readonly [key: string]: string };
  readonly plugins: readonly EngineDescriptionPlugin[];
}

export interface EngineDescriptionPlugin {
  readonly type: string;
  readonly name: string;
}

export interface NodeTlsInfo {
  /** PEM of the root the node trusts. */
  readonly trustRoot: string;
  readonly certIssuerSubject: Uint8Array;
  readonly certIssuerPublicKey: Uint8Array;
}

export interface CsiNodeInfo {
  readonly pluginName: string;
  readonly nodeId: string;
  readonly maxVolumesPerNode: number;
  readonly accessibleTopology: { readonly [key: string]: string };
}

export interface NodeDescription {
  readonly hostname: string;
  readonly platform: Platform | null;
  readonly resources: Resources | null;
  readonly engine: EngineDescription | null;
  readonly tlsInfo: NodeTlsInfo | null;
  readonly csiInfo: readonly CsiNodeInfo[];
  /** Runtimes the node offers: "docker", "process". */
  readonly runtimes: readonly string[];
  /** Devices that tasks may ask for: paths below /dev and full names of CDI devices. */
  readonly devices: readonly string[];
}

export interface NodeStatus {
  readonly state: NodeState;
  readonly message: string;
  readonly addr: string;
  /** When the node entered the state; the 24-hour orphan rule counts from it. */
  readonly sinceMs: number;
}

/** Filled at read time from Raft's view; never stored. */
export interface ManagerStatus {
  readonly raftId: number;
  readonly addr: string;
  readonly leader: boolean;
  readonly reachability: Reachability;
}

export interface Certificate {
  readonly role: NodeRole;
  /** PEM of the request and of the certificate (leaf first, then intermediates). */
  readonly csr: string;
  readonly certificate: string;
  readonly state: IssuanceState;
  readonly err: string;
  readonly cn: string;
}

export interface IpamConfig {
  readonly subnet: string;
  readonly range: string;
  readonly gateway: string;
  readonly reserved: { readonly [key: string]: string };
}

export interface IpamOptions {
  readonly driver: Driver | null;
  readonly configs: readonly IpamConfig[];
}

export interface NetworkAttachment {
  readonly networkId: string;
  /** CIDR strings. */
  readonly addresses: readonly string[];
  readonly aliases: readonly string[];
  readonly driverOpts: { readonly [key: string]: string };
}

export interface VirtualIp {
  readonly networkId: string;
  /** CIDR string. */
  readonly addr: string;
}

export interface VolumeAttachment {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

/** All given filters must match; values of one filter are alternatives. Labels: "key" = exists, "key=value" = equal; every label must match. */
export interface ListFilter {
  readonly ids: readonly string[];
  readonly idPrefixes: readonly string[];
  readonly names: readonly string[];
  readonly namePrefixes: readonly string[];
  readonly labels: readonly string[];
  /** Nodes: spec labels (labels above are the engine's). */
  readonly nodeLabels: readonly string[];
  readonly roles: readonly NodeRole[];
  readonly memberships: readonly NodeMembership[];
  /** Tasks. */
  readonly serviceIds: readonly string[];
  readonly nodeIds: readonly string[];
  readonly desiredStates: readonly TaskState[];
  readonly upToDate: boolean;
  /** container, process, attachment or a generic kind; services and tasks. */
  readonly runtimes: readonly string[];
  /** replicated, global, replicated-job, global-job; services. */
  readonly modes: readonly string[];
  readonly group: string;
  readonly kind: string;
}

export interface Page {
  /** At most this many; 0 = all. */
  readonly limit: number;
  /** Continue after this id; from `next` of the page before. */
  readonly after: string;
}

export interface GetNodeRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetNodeResponse {
  readonly node: Node | null;
}

export interface ListNodesRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListNodesResponse {
  readonly nodes: readonly Node[];
  readonly next: string;
}

export interface UpdateNodeRequest {
  readonly id: string;
  /** Version the caller read; required. */
  readonly version: Version | null;
  readonly spec: NodeSpec | null;
}

export interface UpdateNodeResponse {
  readonly node: Node | null;
}

export interface RemoveNodeRequest {
  readonly ref: string;
  readonly force: boolean;
}

export interface RemoveNodeResponse {}

export interface GetServiceRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
  /** Fill in the defaults that the system would use. */
  readonly insertDefaults: boolean;
}

export interface GetServiceResponse {
  readonly service: Service | null;
}

export interface ListServicesRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListServicesResponse {
  readonly services: readonly Service[];
  readonly next: string;
}

export interface CreateServiceRequest {
  readonly spec: ServiceSpec | null;
}

export interface CreateServiceResponse {
  readonly service: Service | null;
  readonly warnings: readonly string[];
}

export interface UpdateServiceRequest {
  readonly id: string;
  /** Version the caller read; required. */
  readonly version: Version | null;
  readonly spec: ServiceSpec | null;
  /** PREVIOUS swaps spec and previous spec; `spec` is then ignored. */
  readonly rollback: UpdateServiceRequestRollback;
  /** Without registry_auth in `spec`: take it from the previous spec rather than the current one. */
  readonly registryAuthFromPrevious: boolean;
}

export interface UpdateServiceResponse {
  readonly service: Service | null;
  readonly warnings: readonly string[];
}

export interface RemoveServiceRequest {
  readonly ref: string;
}

export interface RemoveServiceResponse {}

export interface GetTaskRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetTaskResponse {
  readonly task: Task | null;
}

export interface ExplainTaskRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  /** Only this node: id, host name or a prefix of the id. Empty = every node. */
  readonly node: string;
}

/** One thing that a task wants of a node and does not get, in words. */
export interface Lack {
  /** Name of the filter that refuses the node for it. */
  readonly filter: string;
  readonly what: string;
  readonly needed: string;
  readonly available: string;
  /** What would have to be done. */
  readonly change: string;
}

export interface NodeVerdict {
  readonly nodeId: string;
  readonly hostname: string;
  /** Empty = the task fits. */
  readonly lacks: readonly Lack[];
  /** Active tasks there, other than this one: of its service, and of all. */
  readonly serviceTasks: number;
  readonly tasks: number;
}

export interface ExplainTaskResponse {
  readonly taskId: string;
  /** Empty = it has none yet. */
  readonly nodeId: string;
  readonly state: TaskState;
  readonly message: string;
  readonly err: string;
  readonly nodes: readonly NodeVerdict[];
  /** The smallest change that would let the task fit; empty when it fits somewhere. */
  readonly smallestChange: string;
}

/** Tasks of one kind on one node. */
export interface NodeShare {
  readonly nodeId: string;
  readonly hostname: string;
  readonly tasks: number;
}

export interface PlanServiceRequest {
  /** The service to be updated; empty = the spec is that of a new one. */
  readonly id: string;
  readonly spec: ServiceSpec | null;
}

/** What would become of a service, were it written now. Nothing is. */
export interface PlanServiceResponse {
  /** Where new tasks would go. */
  readonly placements: readonly NodeShare[];
  /** Tasks that stay as they are, that make place for new ones, and that would just end. */
  readonly kept: number;
  readonly replaced: number;
  readonly removed: number;
  /** New tasks for which there is no node, and why. */
  readonly waiting: number;
  readonly explanation: string;
}

export interface RebalanceRequest {
  /** Ids, names or prefixes of ids; empty = every service. */
  readonly services: readonly string[];
  /** 0 = as many as help. */
  readonly movesMax: number;
  /** Tell what would be moved, and move nothing. */
  readonly dryRun: boolean;
}

/** A task that is moved, or has been. */
export interface TaskMoveState {
  readonly taskId: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly slot: number;
  /** Empty when the task is no longer known. */
  readonly fromNodeId: string;
  readonly fromHostname: string;
  readonly toNodeId: string;
  readonly toHostname: string;
  readonly requestedAtMs: number;
  readonly phase: TaskMoveStatePhase;
  /** Why it was given up, or what its successor waits for. */
  readonly reason: string;
  /** The task that takes over; empty before there is one. */
  readonly successorId: string;
}

export interface RebalanceResponse {
  readonly moves: readonly TaskMoveState[];
}

export interface ListMovesRequest {
  /** Ids, names or prefixes of ids; empty = every service. */
  readonly services: readonly string[];
  readonly consistency: ReadConsistency;
}

export interface ListMovesResponse {
  readonly moves: readonly TaskMoveState[];
}

export interface WhatIfRequest {
  /** Nodes that go down: id, host name or a prefix of the id. */
  readonly down: readonly string[];
}

export interface ServiceFate {
  readonly serviceId: string;
  readonly name: string;
  /** Tasks on nodes that stay up, tasks that find another node, and tasks that find none. */
  readonly untouched: number;
  readonly moved: number;
  readonly lost: number;
  /** Why some are lost. */
  readonly explanation: string;
}

export interface WhatIfResponse {
  /** Services with tasks on the nodes that go down. */
  readonly services: readonly ServiceFate[];
  /** Whether the managers left are a majority of all. */
  readonly keepsQuorum: boolean;
}

export interface ListTasksRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListTasksResponse {
  readonly tasks: readonly Task[];
  readonly next: string;
}

export interface RemoveTaskRequest {
  readonly ref: string;
}

export interface RemoveTaskResponse {}

export interface GetNetworkRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetNetworkResponse {
  readonly network: Network | null;
}

export interface ListNetworksRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListNetworksResponse {
  readonly networks: readonly Network[];
  readonly next: string;
}

export interface CreateNetworkRequest {
  readonly spec: NetworkSpec | null;
}

export interface CreateNetworkResponse {
  readonly network: Network | null;
}

export interface RemoveNetworkRequest {
  readonly ref: string;
}

export interface RemoveNetworkResponse {}

export interface GetSecretRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetSecretResponse {
  readonly secret: Secret | null;
}

export interface ListSecretsRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListSecretsResponse {
  readonly secrets: readonly Secret[];
  readonly next: string;
}

export interface CreateSecretRequest {
  readonly spec: SecretSpec | null;
}

export interface CreateSecretResponse {
  readonly secret: Secret | null;
}

export interface UpdateSecretRequest {
  readonly id: string;
  /** Version the caller read; required. */
  readonly version: Version | null;
  readonly spec: SecretSpec | null;
}

export interface UpdateSecretResponse {
  readonly secret: Secret | null;
}

export interface RemoveSecretRequest {
  readonly ref: string;
}

export interface RemoveSecretResponse {}

export interface GetConfigRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetConfigResponse {
  readonly config: Config | null;
}

export interface ListConfigsRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListConfigsResponse {
  readonly configs: readonly Config[];
  readonly next: string;
}

export interface CreateConfigRequest {
  readonly spec: ConfigSpec | null;
}

export interface CreateConfigResponse {
  readonly config: Config | null;
}

export interface UpdateConfigRequest {
  readonly id: string;
  /** Version the caller read; required. */
  readonly version: Version | null;
  readonly spec: ConfigSpec | null;
}

export interface UpdateConfigResponse {
  readonly config: Config | null;
}

export interface RemoveConfigRequest {
  readonly ref: string;
}

export interface RemoveConfigResponse {}

export interface GetVolumeRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetVolumeResponse {
  readonly volume: Volume | null;
}

export interface ListVolumesRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListVolumesResponse {
  readonly volumes: readonly Volume[];
  readonly next: string;
}

export interface CreateVolumeRequest {
  readonly spec: VolumeSpec | null;
}

export interface CreateVolumeResponse {
  readonly volume: Volume | null;
}

export interface UpdateVolumeRequest {
  readonly id: string;
  /** Version the caller read; required. */
  readonly version: Version | null;
  readonly spec: VolumeSpec | null;
}

export interface UpdateVolumeResponse {
  readonly volume: Volume | null;
}

export interface RemoveVolumeRequest {
  readonly ref: string;
  readonly force: boolean;
}

export interface RemoveVolumeResponse {}

export interface GetExtensionRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetExtensionResponse {
  readonly extension: Extension | null;
}

export interface ListExtensionsRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListExtensionsResponse {
  readonly extensions: readonly Extension[];
  readonly next: string;
}

export interface CreateExtensionRequest {
  readonly annotations: Annotations | null;
  readonly description: string;
}

export interface CreateExtensionResponse {
  readonly extension: Extension | null;
}

export interface RemoveExtensionRequest {
  readonly ref: string;
}

export interface RemoveExtensionResponse {}

export interface GetResourceRequest {
  /** Id, or exact name, or a prefix of the id. */
  readonly ref: string;
  readonly consistency: ReadConsistency;
}

export interface GetResourceResponse {
  readonly resource: Resource | null;
}

export interface ListResourcesRequest {
  readonly filter: ListFilter | null;
  readonly page: Page | null;
  readonly consistency: ReadConsistency;
}

export interface ListResourcesResponse {
  readonly resources: readonly Resource[];
  readonly next: string;
}

export interface CreateResourceRequest {
  readonly annotations: Annotations | null;
  readonly kind: string;
  readonly payload: Uint8Array;
}

export interface CreateResourceResponse {
  readonly resource: Resource | null;
}

export interface UpdateResourceRequest {
  readonly id: string;
  /** Version the caller read; required. */
  readonly version: Version | null;
  readonly annotations: Annotations | null;
  readonly payload: Uint8Array;
}

export interface UpdateResourceResponse {
  readonly resource: Resource | null;
}

export interface RemoveResourceRequest {
  readonly ref: string;
}

export interface RemoveResourceResponse {}

export interface ServiceTaskCounts {
  readonly serviceId: string;
  readonly desired: number;
  readonly running: number;
  readonly completed: number;
}

export interface ListServiceStatusesRequest {
  readonly serviceIds: readonly string[];
}

export interface ListServiceStatusesResponse {
  readonly statuses: readonly ServiceTaskCounts[];
}

export interface GetClusterRequest {
  readonly consistency: ReadConsistency;
}

export interface GetClusterResponse {
  /** Keys are redacted; join tokens are not. */
  readonly cluster: Cluster | null;
}

export interface KeyRotation {
  readonly workerJoinToken: boolean;
  readonly managerJoinToken: boolean;
  readonly managerUnlockKey: boolean;
}

export interface UpdateClusterRequest {
  readonly version: Version | null;
  readonly spec: ClusterSpec | null;
  readonly rotation: KeyRotation | null;
}

export interface UpdateClusterResponse {
  readonly cluster: Cluster | null;
}

export interface ReadUnlockKeyRequest {}

export interface ReadUnlockKeyResponse {
  readonly unlockKey: Uint8Array;
}

export interface WatchRequest {
  readonly entries: readonly WatchRequestEntry[];
  /** Replay from after this version; absent = from now. */
  readonly resumeFrom: Version | null;
  readonly includeOldObject: boolean;
}

export interface WatchRequestEntry {
  /** Table name: node, service, task …; empty = all. */
  readonly table: string;
  /** Empty = all. */
  readonly kinds: readonly ChangeKind[];
  readonly filter: ListFilter | null;
}

export interface WatchEvent {
  readonly kind: ChangeKind;
  readonly object: StoreObject | null;
  readonly oldObject: StoreObject | null;
}

/** One commit. The first message of a stream is empty: the watch is established at `version`. */
export interface WatchMessage {
  readonly events: readonly WatchEvent[];
  readonly version: Version | null;
}

export interface Node {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: NodeSpec | null;
  readonly description: NodeDescription | null;
  readonly status: NodeStatus | null;
  /** Filled at read time; null in the store and on workers. */
  readonly managerStatus: ManagerStatus | null;
  readonly certificate: Certificate | null;
  /** The role the node's certificate says; follows spec.desired_role. */
  readonly role: NodeRole;
  readonly attachments: readonly NetworkAttachment[];
  readonly vxlanUdpPort: number;
}

export interface Endpoint {
  readonly spec: EndpointSpec | null;
  readonly ports: readonly PortConfig[];
  readonly virtualIps: readonly VirtualIp[];
}

export interface UpdateStatus {
  readonly state: UpdateStatusState;
  readonly startedAtMs: number;
  readonly completedAtMs: number;
  readonly message: string;
}

export interface JobStatus {
  readonly jobIteration: Version | null;
  readonly lastExecutionMs: number;
}

export interface Service {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: ServiceSpec | null;
  /** Version of the service that first carried the current spec. */
  readonly specVersion: Version | null;
  readonly previousSpec: ServiceSpec | null;
  readonly previousSpecVersion: Version | null;
  readonly endpoint: Endpoint | null;
  readonly updateStatus: UpdateStatus | null;
  readonly jobStatus: JobStatus | null;
  readonly pendingDelete: boolean;
}

/** Why the orchestrator made a task, and when the task may start. Written by the orchestrator only. */
export interface TaskOrigin {
  /** Not to be started before this time: restart delay and back-off. 0 = at once. */
  readonly notBeforeMs: number;
  /** How often the slot was restarted after failures, under the task's spec version. */
  readonly restarts: number;
  /** Failures in a row that came soon after the start; the back-off grows with them. */
  readonly quickFailures: number;
  /** Why the task exists or waits, for people; empty for a slot's first task. */
  readonly reason: string;
  /** started_at_ms of the update that made the task; 0 = none. */
  readonly updateStartedAtMs: number;
  /** The task of that update which failed early in this slot; empty = none did. */
  readonly updateFailedTask: string;
  /** When that update's task in this slot was first seen to run, or failed; 0 = not yet. */
  readonly settledAtMs: number;
  /** The task this one takes over from because it is moved, and requested_at_ms of that move. */
  readonly movedTaskId: string;
  readonly moveRequestedAtMs: number;
}

/** Wishes a running task onto another node. Written by the rebalancer only. */
export interface TaskMove {
  readonly nodeId: string;
  readonly requestedAtMs: number;
}

/** A move that came to nothing: the task stays where it is. Written by the orchestrator only. */
export interface MoveRefusal {
  /** requested_at_ms of the move. */
  readonly requestedAtMs: number;
  /** For people. */
  readonly reason: string;
}

export interface Task {
  readonly id: string;
  readonly meta: Meta | null;
  /** Copied from the service when the task is made; never changed after. */
  readonly spec: TaskSpec | null;
  readonly specVersion: Version | null;
  readonly serviceId: string;
  /** 1, 2, 3 … for replicated services; 0 for global ones. */
  readonly slot: number;
  readonly nodeId: string;
  readonly annotations: Annotations | null;
  readonly serviceAnnotations: Annotations | null;
  readonly status: TaskStatus | null;
  readonly desiredState: TaskState;
  readonly networks: readonly NetworkAttachment[];
  readonly endpoint: Endpoint | null;
  readonly logDriver: Driver | null;
  readonly assignedGenericResources: readonly GenericResource[];
  readonly jobIteration: Version | null;
  readonly volumes: readonly VolumeAttachment[];
  /** Null for tasks made by nothing but the service's scale. */
  readonly origin: TaskOrigin | null;
  /** Null when nobody asked for one. */
  readonly move: TaskMove | null;
  readonly moveRefusal: MoveRefusal | null;
  /** The node that holds the volumes of the slot; no other may take the task. Empty = any may. */
  readonly volumeNodeId: string;
}

export interface Network {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: NetworkSpec | null;
  readonly driverState: Driver | null;
  readonly ipam: IpamOptions | null;
  readonly pendingDelete: boolean;
}

export interface JoinTokens {
  readonly worker: string;
  readonly manager: string;
}

export interface RootRotation {
  readonly caCert: string;
  readonly caKey: string;
  readonly crossSignedCaCert: string;
}

export interface RootCa {
  /** PEM. The key is empty with an external CA. */
  readonly caKey: string;
  readonly caCert: string;
  readonly caCertHash: string;
  readonly joinTokens: JoinTokens | null;
  readonly rootRotation: RootRotation | null;
  readonly lastForcedRotation: number;
}

export interface EncryptionKey {
  readonly subsystem: string;
  readonly algorithm: string;
  readonly key: Uint8Array;
  readonly lamportTime: number;
}

export interface BlacklistedCertificate {
  readonly expiryMs: number;
}

/** Exactly one exists; its id is the organisation in every certificate, its name `default`. */
export interface Cluster {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: ClusterSpec | null;
  readonly rootCa: RootCa | null;
  readonly networkBootstrapKeys: readonly EncryptionKey[];
  readonly encryptionKeyLamportClock: number;
  readonly blacklistedCertificates: { readonly [key: string]: BlacklistedCertificate };
  /** The key-encryption key of locked managers; empty with autolock off. */
  readonly unlockKey: Uint8Array;
  readonly fips: boolean;
  readonly defaultAddressPool: readonly string[];
  readonly subnetSize: number;
  readonly vxlanUdpPort: number;
}

export interface Secret {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: SecretSpec | null;
  readonly internal: boolean;
}

export interface Config {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: ConfigSpec | null;
}

export interface VolumePublishStatus {
  readonly nodeId: string;
  readonly state: VolumePublishStatusState;
  readonly publishContext: { readonly [key: string]: string };
  /** Why the last call of the driver failed; empty when it did not. */
  readonly message: string;
  /** The driver's name of the node, kept for when the node is gone. */
  readonly csiNodeId: string;
}

export interface VolumeInfo {
  readonly capacityBytes: number;
  readonly volumeContext: { readonly [key: string]: string };
  readonly volumeId: string;
  readonly accessibleTopology: readonly Topology[];
}

export interface Volume {
  readonly id: string;
  readonly meta: Meta | null;
  readonly spec: VolumeSpec | null;
  readonly publishStatus: readonly VolumePublishStatus[];
  readonly volumeInfo: VolumeInfo | null;
  readonly pendingDelete: boolean;
  /** The driver was asked to make it, and has not said that it made it or did not. */
  readonly maybeMade: boolean;
  /** Why the driver could not make or delete it when it was last asked; empty when it did. */
  readonly message: string;
}

export interface Extension {
  readonly id: string;
  readonly meta: Meta | null;
  readonly annotations: Annotations | null;
  readonly description: string;
}

export interface Resource {
  readonly id: string;
  readonly meta: Meta | null;
  readonly annotations: Annotations | null;
  /** Name of the extension it belongs to. */
  readonly kind: string;
  readonly payload: Uint8Array;
}

export interface NodeSpec {
  readonly annotations: Annotations | null;
  readonly desiredRole: NodeRole;
  readonly membership: NodeMembership;
  readonly availability: NodeAvailability;
}

export interface Mount {
  readonly type: MountType;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly consistency: string;
  readonly bind: MountBindOptions | null;
  readonly volume: MountVolumeOptions | null;
  readonly tmpfs: MountTmpfsOptions | null;
}

export interface MountBindOptions {
  /** rprivate, private, rshared, shared, rslave or slave; empty = rprivate. */
  readonly propagation: string;
  readonly nonRecursive: boolean;
  readonly createMountpoint: boolean;
  readonly readOnlyNonRecursive: boolean;
  readonly readOnlyForceRecursive: boolean;
}

export interface MountVolumeOptions {
  readonly noCopy: boolean;
  readonly labels: { readonly [key: string]: string };
  readonly driver: Driver | null;
  readonly subpath: string;
}

export interface MountTmpfsOption {
  readonly words: readonly string[];
}

export interface MountTmpfsOptions {
  readonly sizeBytes: number;
  readonly mode: number;
  readonly options: readonly MountTmpfsOption[];
}

export interface FileTarget {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
  readonly mode: number;
}

/** Given to the runtime, not mounted (a credential spec). */
export interface RuntimeTarget {}

export interface SecretReference {
  readonly secretId: string;
  readonly secretName: string;
  readonly file: FileTarget | null;
}

export type ConfigReference = {
  readonly configId: string;
  readonly configName: string;
} & ({ readonly target: "file"; readonly file: FileTarget } | { readonly target: "runtime"; readonly runtime: RuntimeTarget } | { readonly target?: undefined });

export interface Privileges {
  readonly credentialSpec: PrivilegesCredentialSpec | null;
  readonly selinuxContext: PrivilegesSeLinuxContext | null;
  readonly seccomp: PrivilegesSeccomp | null;
  readonly apparmor: PrivilegesAppArmor | null;
  readonly noNewPrivileges: boolean;
}

export type PrivilegesCredentialSpec = {

} & ({ readonly source: "file"; readonly file: string } | { readonly source: "registry"; readonly registry: string } | { readonly source: "config"; readonly config: string } | { readonly source?: undefined });

export interface PrivilegesSeLinuxContext {
  readonly disable: boolean;
  readonly user: string;
  readonly role: string;
  readonly type: string;
  readonly level: string;
}

export interface PrivilegesSeccomp {
  /** default, unconfined or custom. */
  readonly mode: string;
  readonly profile: Uint8Array;
}

export interface PrivilegesAppArmor {
  /** default or disabled. */
  readonly mode: string;
}

export interface HealthConfig {
  readonly test: readonly string[];
  readonly intervalNs: number;
  readonly timeoutNs: number;
  readonly retries: number;
  readonly startPeriodNs: number;
  readonly startIntervalNs: number;
}

export interface DnsConfig {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export interface ContainerSpec {
  readonly image: string;
  readonly labels: { readonly [key: string]: string };
  /** Docker's entrypoint. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly hostname: string;
  readonly env: readonly string[];
  readonly dir: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly privileges: Privileges | null;
  readonly init: OptionalBool | null;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly readOnly: boolean;
  readonly stopSignal: string;
  readonly mounts: readonly Mount[];
  readonly stopGracePeriodNs: OptionalInt64 | null;
  /** base64url JSON, as in X-Registry-Auth. Never returned to clients. */
  readonly registryAuth: string;
  readonly secrets: readonly SecretReference[];
  readonly configs: readonly ConfigReference[];
  /** "IP name…" lines of /etc/hosts. */
  readonly hosts: readonly string[];
  readonly dnsConfig: DnsConfig | null;
  readonly healthcheck: HealthConfig | null;
  /** default, process or hyperv; empty = default. */
  readonly isolation: string;
  readonly sysctls: { readonly [key: string]: string };
  readonly capabilityAdd: readonly string[];
  readonly capabilityDrop: readonly string[];
  readonly ulimits: readonly Ulimit[];
  readonly oomScoreAdj: number;
  /** Devices of the node that the task gets: a path below /dev, `host:task`, `host:task:rwm`, or the full name of a CDI device. Only nodes that report them take the task. */
  readonly devices: readonly string[];
  /** Every capability and every device of the node, without seccomp, AppArmor and read-only /sys. */
  readonly privileged: boolean;
}

/** A plain process under the worker's own supervision; no container engine takes part. */
export interface ProcessSpec {
  /** Program and arguments; at least one. Looked up in PATH of `env` when it has no slash. */
  readonly command: readonly string[];
  /** KEY=value; templates as in containers. The worker's own environment is not inherited, except PATH when it is not given. */
  readonly env: readonly string[];
  readonly dir: string;
  /** user[:group], names or numbers; only where the worker runs as root. */
  readonly user: string;
  readonly stopSignal: string;
  readonly stopGracePeriodNs: OptionalInt64 | null;
  readonly healthcheck: HealthConfig | null;
  readonly secrets: readonly SecretReference[];
  readonly configs: readonly ConfigReference[];
  readonly ulimits: readonly Ulimit[];
  /** Absolute path of a directory or a tar file on the node. It becomes the root file system, under a writable layer of the task's own; empty = the node's own files. */
  readonly rootFs: string;
  readonly hostname: string;
  readonly labels: { readonly [key: string]: string };
  readonly mounts: readonly Mount[];
  /** What follows needs a worker that runs as root, and means what it means for containers. */
  readonly groups: readonly string[];
  readonly readOnly: boolean;
  readonly sysctls: { readonly [key: string]: string };
  readonly capabilityAdd: readonly string[];
  readonly capabilityDrop: readonly string[];
  readonly devices: readonly string[];
  readonly noNewPrivileges: boolean;
  /** "IP name…" lines of /etc/hosts. */
  readonly hosts: readonly string[];
  readonly dnsConfig: DnsConfig | null;
}

/** Stands for a container that `docker run` attached to a network. */
export interface AttachmentSpec {
  readonly containerId: string;
}

export interface GenericRuntimeSpec {
  readonly kind: string;
  readonly typeUrl: string;
  readonly payload: Uint8Array;
}

export interface RestartPolicy {
  readonly condition: RestartPolicyCondition;
  readonly delayNs: OptionalInt64 | null;
  readonly maxAttempts: number;
  readonly windowNs: OptionalInt64 | null;
}

export interface PlacementPreference {
  /** node.labels.x or engine.labels.x */
  readonly spreadDescriptor: string;
}

/** A soft wish to be near or apart from services with a label. */
export interface Affinity {
  /** key or key=value, over service labels. */
  readonly serviceLabel: string;
  readonly apart: boolean;
}

export interface Placement {
  readonly constraints: readonly string[];
  readonly preferences: readonly PlacementPreference[];
  readonly platforms: readonly Platform[];
  readonly maxReplicas: number;
  readonly strategy: PlacementStrategy;
  readonly affinities: readonly Affinity[];
  /** Left to an external scheduler of this name; empty = ours. */
  readonly scheduler: string;
  /** A replica returns to the node where its slot ran before, which holds its volumes. */
  readonly stickyVolumes: boolean;
}

export interface NetworkAttachmentConfig {
  /** Network id (clients may send a name; the control API resolves it). */
  readonly target: string;
  readonly aliases: readonly string[];
  readonly addresses: readonly string[];
  readonly driverOpts: { readonly [key: string]: string };
  /** Name of a network that every node has by itself, as its runtime knows it: "host", "bridge". Empty for the cluster's own networks. Written by the control API with the target. */
  readonly nodeNetwork: string;
}

export type TaskSpec = {
  readonly resources: ResourceRequirements | null;
  readonly restart: RestartPolicy | null;
  readonly placement: Placement | null;
  readonly logDriver: Driver | null;
  readonly networks: readonly NetworkAttachmentConfig[];
  /** Changing it replaces every task. */
  readonly forceUpdate: number;
  readonly resourceReferences: readonly string[];
} & ({ readonly runtime: "container"; readonly container: ContainerSpec } | { readonly runtime: "process"; readonly process: ProcessSpec } | { readonly runtime: "attachment"; readonly attachment: AttachmentSpec } | { readonly runtime: "generic"; readonly generic: GenericRuntimeSpec } | { readonly runtime?: undefined });

export interface ReplicatedMode {
  readonly replicas: number;
}

export interface GlobalMode {}

export interface ReplicatedJobMode {
  readonly maxConcurrent: number;
  readonly totalCompletions: number;
}

export interface GlobalJobMode {}

export interface UpdateConfig {
  /** 0 = all at once. */
  readonly parallelism: number;
  readonly delayNs: number;
  readonly failureAction: UpdateConfigFailureAction;
  /** Absent = 5 s. */
  readonly monitorNs: OptionalInt64 | null;
  readonly maxFailureRatio: number;
  readonly order: UpdateConfigOrder;
  /** How long a new task may take until it runs before it counts as failed. Absent = 10 min. */
  readonly progressDeadlineNs: OptionalInt64 | null;
}

export interface EndpointSpec {
  readonly mode: EndpointSpecMode;
  readonly ports: readonly PortConfig[];
}

/** Runs a job on a clock. */
export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  readonly concurrency: ScheduleConcurrency;
  /** How late a missed run may still start. */
  readonly startingDeadlineNs: number;
}

export interface ServiceDependency {
  readonly serviceName: string;
  readonly condition: ServiceDependencyCondition;
}

export type ServiceSpec = {
  readonly annotations: Annotations | null;
  readonly task: TaskSpec | null;
  readonly update: UpdateConfig | null;
  readonly rollback: UpdateConfig | null;
  readonly endpoint: EndpointSpec | null;
  readonly schedule: Schedule | null;
  readonly dependsOn: readonly ServiceDependency[];
} & ({ readonly mode: "replicated"; readonly replicated: ReplicatedMode } | { readonly mode: "global"; readonly global: GlobalMode } | { readonly mode: "replicatedJob"; readonly replicatedJob: ReplicatedJobMode } | { readonly mode: "globalJob"; readonly globalJob: GlobalJobMode } | { readonly mode?: undefined });

export interface NetworkSpec {
  readonly annotations: Annotations | null;
  readonly driver: Driver | null;
  readonly ipv6Enabled: boolean;
  readonly internal: boolean;
  readonly ipam: IpamOptions | null;
  readonly attachable: boolean;
  readonly ingress: boolean;
  readonly configFrom: string;
}

export interface OrchestrationConfig {
  /** Negative = keep all. */
  readonly taskHistoryRetentionLimit: number;
}

export interface RaftConfig {
  readonly snapshotInterval: number;
  readonly keepOldSnapshots: number;
  readonly logEntriesForSlowFollowers: number;
  readonly heartbeatTick: number;
  readonly electionTick: number;
}

export interface DispatcherConfig {
  readonly heartbeatPeriodNs: number;
}

export interface ExternalCa {
  /** Only cfssl is known. */
  readonly protocol: string;
  readonly url: string;
  readonly options: { readonly [key: string]: string };
  readonly caCert: string;
}

export interface CaConfig {
  readonly nodeCertExpiryNs: number;
  readonly externalCas: readonly ExternalCa[];
  readonly signingCaCert: string;
  readonly signingCaKey: string;
  readonly forceRotate: number;
}

export interface TaskDefaults {
  readonly logDriver: Driver | null;
  /** Used where a service's own strategy is DEFAULT. */
  readonly strategy: PlacementStrategy;
}

/** Moves running tasks by itself to where their services would be placed now. */
export interface RebalanceConfig {
  /** Tasks moved in one interval at most; 0 = none: off. */
  readonly movesMax: number;
  /** 0 = 10 min. */
  readonly intervalNs: number;
  /** How long a node must have been ready before anything is moved there. Absent = 5 min. */
  readonly warmUpNs: OptionalInt64 | null;
}

export interface EncryptionConfig {
  readonly autoLockManagers: boolean;
}

export interface ClusterSpec {
  readonly annotations: Annotations | null;
  readonly orchestration: OrchestrationConfig | null;
  readonly raft: RaftConfig | null;
  readonly dispatcher: DispatcherConfig | null;
  readonly ca: CaConfig | null;
  readonly taskDefaults: TaskDefaults | null;
  readonly encryption: EncryptionConfig | null;
  readonly rebalance: RebalanceConfig | null;
}

export interface SecretSpec {
  readonly annotations: Annotations | null;
  readonly data: Uint8Array;
  readonly templating: Driver | null;
  readonly driver: Driver | null;
}

export interface ConfigSpec {
  readonly annotations: Annotations | null;
  readonly data: Uint8Array;
  readonly templating: Driver | null;
}

export type VolumeAccessMode = {
  readonly scope: VolumeAccessModeScope;
  readonly sharing: VolumeAccessModeSharing;
} & ({ readonly accessType: "block"; readonly block: VolumeAccessModeBlock } | { readonly accessType: "mount"; readonly mount: VolumeAccessModeMountAccess } | { readonly accessType?: undefined });

export interface VolumeAccessModeBlock {}

export interface VolumeAccessModeMountAccess {
  readonly fsType: string;
  readonly mountFlags: readonly string[];
}

export interface Topology {
  readonly segments: { readonly [key: string]: string };
}

export interface TopologyRequirement {
  readonly requisite: readonly Topology[];
  readonly preferred: readonly Topology[];
}

export interface VolumeSecret {
  readonly key: string;
  readonly secret: string;
}

export interface CapacityRange {
  readonly requiredBytes: number;
  readonly limitBytes: number;
}

export interface VolumeSpec {
  readonly annotations: Annotations | null;
  readonly group: string;
  readonly driver: Driver | null;
  readonly accessMode: VolumeAccessMode | null;
  readonly secrets: readonly VolumeSecret[];
  readonly accessibilityRequirements: TopologyRequirement | null;
  readonly capacityRange: CapacityRange | null;
  readonly availability: NodeAvailability;
}

/** One object of any kind. */
export type StoreObject = {

} & ({ readonly object: "node"; readonly node: Node } | { readonly object: "service"; readonly service: Service } | { readonly object: "task"; readonly task: Task } | { readonly object: "network"; readonly network: Network } | { readonly object: "cluster"; readonly cluster: Cluster } | { readonly object: "secret"; readonly secret: Secret } | { readonly object: "config"; readonly config: Config } | { readonly object: "volume"; readonly volume: Volume } | { readonly object: "extension"; readonly extension: Extension } | { readonly object: "resource"; readonly resource: Resource } | { readonly object?: undefined });

/** One change. CREATE carries the whole new object (its meta is filled at apply), UPDATE the whole or what differs from the stored one; REMOVE carries only the kind and the id. */
export interface StoreChange {
  readonly kind: ChangeKind;
  /** Version the object must have when the change is applied; 0 = do not check. */
  readonly expectedVersion: number;
  readonly object: StoreObject | null;
  readonly removeTable: string;
  readonly removeId: string;
  /** Of an UPDATE: numbers of the fields that `object` brings, its id among them; all others stay as they are in the version expected. Empty = it brings all. */
  readonly fields: readonly number[];
}

/** A transaction: applied whole or rejected whole, alike on every manager. */
export interface StoreTransaction {
  readonly changes: readonly StoreChange[];
  /** Leadership term of the proposer; a transaction of an older term than the newest applied one is rejected. 0 = not bound to a term. */
  readonly leaderTerm: number;
  /** The proposer's wall clock, written into created_at and updated_at. */
  readonly timeMs: number;
}

/** A slice of a snapshot's stream. */
export interface StoreSnapshotChunk {
  /** Only in the first chunk. */
  readonly index: number;
  readonly leaderTerm: number;
  readonly objects: readonly StoreObject[];
  /** Only in the last chunk: how many objects all chunks hold. */
  readonly total: number;
  readonly last: boolean;
}

export interface SessionRequest {
  readonly description: NodeDescription | null;
  /** Empty for a new session; otherwise only the description is updated. */
  readonly sessionId: string;
}

export interface ManagerPeer {
  readonly nodeId: string;
  /** Control address. */
  readonly addr: string;
  readonly weight: number;
}

export interface SessionMessage {
  readonly sessionId: string;
  /** The node's object as the managers see it. */
  readonly node: Node | null;
  readonly managers: readonly ManagerPeer[];
  readonly networkKeys: readonly EncryptionKey[];
  /** PEM of the roots to trust. */
  readonly rootCa: string;
}

export interface HeartbeatRequest {
  readonly sessionId: string;
}

export interface HeartbeatResponse {
  /** When to send the next one. */
  readonly periodNs: number;
}

export interface TaskStatusUpdate {
  readonly taskId: string;
  readonly status: TaskStatus | null;
}

export interface UpdateTaskStatusRequest {
  readonly sessionId: string;
  readonly updates: readonly TaskStatusUpdate[];
}

export interface UpdateTaskStatusResponse {}

export interface AssignmentsRequest {
  readonly sessionId: string;
}

/** Everything of an overlay that a node needs; sent with its assignments (design §3.7). */
export interface NetworkMap {
  readonly network: Network | null;
  readonly endpoints: readonly NetworkMapEndpoint[];
  readonly peers: readonly NetworkMapPeer[];
  readonly virtualIps: readonly VirtualIp[];
}

export interface NetworkMapEndpoint {
  readonly taskId: string;
  readonly nodeId: string;
  readonly serviceId: string;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly mac: string;
}

export interface NetworkMapPeer {
  readonly nodeId: string;
  readonly addr: string;
}

/** UPDATE: the node is to stage and publish the volume. REMOVE: it is to take it down again, and say so when it has; all fields are filled, as the node may not remember. */
export interface VolumeAssignment {
  readonly id: string;
  /** The driver's own id of it. */
  readonly volumeId: string;
  readonly driver: Driver | null;
  readonly volumeContext: { readonly [key: string]: string };
  readonly publishContext: { readonly [key: string]: string };
  readonly secrets: readonly VolumeSecret[];
  readonly accessMode: VolumeAccessMode | null;
}

export type Assignment = {

} & ({ readonly item: "task"; readonly task: Task } | { readonly item: "secret"; readonly secret: Secret } | { readonly item: "config"; readonly config: Config } | { readonly item: "network"; readonly network: NetworkMap } | { readonly item: "volume"; readonly volume: VolumeAssignment } | { readonly item?: undefined });

export interface AssignmentChange {
  readonly action: AssignmentChangeAction;
  /** For REMOVE only the id inside the item counts. */
  readonly assignment: Assignment | null;
}

export interface AssignmentsMessage {
  readonly type: AssignmentsMessageType;
  /** Sequence this message builds on and leads to; a receiver at another one reopens the stream. */
  readonly appliesTo: number;
  readonly resultsIn: number;
  readonly changes: readonly AssignmentChange[];
  /** Hash over the ids and versions of all tasks assigned after this message. */
  readonly hash: string;
}

export interface UpdateVolumeStatusRequest {
  readonly sessionId: string;
  readonly updates: readonly UpdateVolumeStatusRequestUpdate[];
}

export interface UpdateVolumeStatusRequestUpdate {
  readonly id: string;
  readonly unpublished: boolean;
}

export interface UpdateVolumeStatusResponse {}

export interface LogSelector {
  readonly serviceIds: readonly string[];
  readonly nodeIds: readonly string[];
  readonly taskIds: readonly string[];
}

/** How far a task's log was read before. */
export interface LogPosition {
  readonly taskId: string;
  /** Of the last line, whole milliseconds since the epoch: lines of that very time come again. */
  readonly sinceMs: number;
}

export interface LogOptions {
  /** Empty = both. */
  readonly streams: readonly LogStream[];
  readonly follow: boolean;
  /** Last n lines of each task; absent = all. */
  readonly tail: OptionalInt64 | null;
  /** Nanoseconds would not fit a double: whole milliseconds since the epoch; 0 = from the start. */
  readonly sinceMs: number;
  /** Of these tasks everything from there on, whatever tail and since_ms say. */
  readonly positions: readonly LogPosition[];
}

export interface LogContext {
  readonly serviceId: string;
  readonly nodeId: string;
  readonly taskId: string;
}

export interface LogMessage {
  readonly context: LogContext | null;
  /** RFC 3339 with nanoseconds, as the runtime recorded it. */
  readonly timestamp: string;
  readonly stream: LogStream;
  /** One line without its newline. */
  readonly data: Uint8Array;
  readonly attrs: { readonly [key: string]: string };
}

export interface SubscribeLogsRequest {
  readonly selector: LogSelector | null;
  readonly options: LogOptions | null;
}

export interface SubscribeLogsMessage {
  readonly messages: readonly LogMessage[];
  /** Shown to the user when something could not be read. */
  readonly warning: string;
}

export interface ListenSubscriptionsRequest {
  readonly sessionId: string;
}

export interface SubscriptionMessage {
  readonly id: string;
  readonly selector: LogSelector | null;
  readonly options: LogOptions | null;
  readonly close: boolean;
}

export interface PublishLogsMessage {
  readonly subscriptionId: string;
  /** A message without a context has that of the one before, with its attributes; one without a timestamp has its time: they are longer than most lines. */
  readonly messages: readonly LogMessage[];
  /** The node has sent all it will. */
  readonly close: boolean;
  readonly warning: string;
}

export interface PublishLogsResponse {}

export interface RaftEntry {
  readonly term: number;
  readonly index: number;
  readonly type: RaftEntryType;
  readonly data: Uint8Array;
}

export interface RaftConfState {
  readonly voters: readonly number[];
  readonly votersOutgoing: readonly number[];
  readonly learners: readonly number[];
  readonly learnersNext: readonly number[];
  readonly autoLeave: boolean;
}

export interface RaftSnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly confState: RaftConfState | null;
}

/** One message of the protocol; the fields are those of raft/core/message.ts. */
export interface RaftMessage {
  readonly type: RaftMessageType;
  readonly from: number;
  readonly to: number;
  readonly term: number;
  readonly logTerm: number;
  readonly index: number;
  readonly entries: readonly RaftEntry[];
  readonly commit: number;
  readonly vote: number;
  readonly reject: boolean;
  readonly rejectHint: number;
  readonly context: number;
  readonly forced: boolean;
  readonly snapshot: RaftSnapshotMeta | null;
}

/** A member as configuration changes and snapshots name it. */
export interface RaftMemberRecord {
  readonly id: number;
  readonly nodeId: string;
  /** Where its peers reach it, host:port. */
  readonly addr: string;
  /** Where its control API is reached, host:port. */
  readonly controlAddr: string;
}

/** A snapshot with everything a member needs to start from it. */
export interface RaftSnapshotDescription {
  readonly meta: RaftSnapshotMeta | null;
  readonly members: readonly RaftMemberRecord[];
  /** Ids that were taken out; they are never used again. */
  readonly removed: readonly number[];
  /** Length and SHA-256 of the content, in clear. */
  readonly size: number;
  readonly sha256: Uint8Array;
}

/** First on every stream: which life of which member speaks to whom. A mismatch ends the stream. */
export interface RaftHello {
  readonly version: number;
  readonly clusterId: string;
  readonly from: number;
  readonly to: number;
  /** How often the sender was started; never falls. */
  readonly boot: number;
  /** Where the sender is reached: the receiver may not have it in its log yet. */
  readonly addr: string;
  readonly controlAddr: string;
  /** The sender's last durable entry: below what it has acknowledged, it has lost some. */
  readonly lastIndex: number;
}

/** All messages of one turn for one peer. */
export interface RaftFrame {
  readonly messages: readonly RaftMessage[];
}

export type RaftExchangeRequest = {

} & ({ readonly kind: "hello"; readonly hello: RaftHello } | { readonly kind: "frame"; readonly frame: RaftFrame } | { readonly kind?: undefined });

export interface RaftExchangeResponse {}

export interface RaftSnapshotOffer {
  readonly hello: RaftHello | null;
  /** The core's message, stepped once the content is complete. */
  readonly message: RaftMessage | null;
  readonly description: RaftSnapshotDescription | null;
}

export interface RaftSnapshotChunk {
  readonly offset: number;
  readonly data: Uint8Array;
  /** CRC-32 of data. */
  readonly crc32: number;
}

export type RaftInstallSnapshotRequest = {

} & ({ readonly kind: "offer"; readonly offer: RaftSnapshotOffer } | { readonly kind: "chunk"; readonly chunk: RaftSnapshotChunk } | { readonly kind?: undefined });

export type RaftInstallSnapshotResponse = {

} & ({ readonly kind: "resume"; readonly resume: number } | { readonly kind: "complete"; readonly complete: boolean } | { readonly kind?: undefined });

export interface TerminalWindow {
  readonly rows: number;
  readonly columns: number;
}

export interface ExecAsk {
  readonly command: readonly string[];
  /** KEY=value, on top of the task's environment. Never logged. */
  readonly env: readonly string[];
  /** Empty = the task's. */
  readonly user: string;
  /** Empty = the task's. */
  readonly dir: string;
  readonly stdin: boolean;
  /** Absent = no terminal. */
  readonly terminal: TerminalWindow | null;
}

export interface TopAsk {}

export interface StatsAsk {
  /** One sample every so many milliseconds; 0 = one sample and no more. */
  readonly periodMs: number;
}

export interface DialAsk {
  /** TCP, as the task itself sees it. */
  readonly port: number;
}

/** What somebody wants of tasks that are all on one node. */
export type ReachAsk = {
  /** One task; several for stats. */
  readonly taskIds: readonly string[];
  /** How whoever asks names itself, for the audit log; nobody has checked it. */
  readonly client: string;
} & ({ readonly kind: "exec"; readonly exec: ExecAsk } | { readonly kind: "top"; readonly top: TopAsk } | { readonly kind: "stats"; readonly stats: StatsAsk } | { readonly kind: "dial"; readonly dial: DialAsk } | { readonly kind?: undefined });

/** Towards the task. The first one is the ask. */
export type ReachInput = {

} & ({ readonly kind: "ask"; readonly ask: ReachAsk } | { readonly kind: "data"; readonly data: Uint8Array } | { readonly kind: "end"; readonly end: boolean } | { readonly kind: "resize"; readonly resize: TerminalWindow } | { readonly kind: "signal"; readonly signal: string } | { readonly kind?: undefined });

export interface ReachProcesses {
  readonly titles: readonly string[];
  readonly rows: readonly ReachProcessesRow[];
}

export interface ReachProcessesRow {
  readonly cells: readonly string[];
}

export interface TaskSample {
  readonly taskId: string;
  /** When, milliseconds since the epoch. */
  readonly atMs: number;
  /** Since the task's start. */
  readonly cpuNs: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  /** -1 = not known, as all that follow. */
  readonly pids: number;
  readonly networkReceivedBytes: number;
  readonly networkSentBytes: number;
  readonly blockReadBytes: number;
  readonly blockWrittenBytes: number;
  /** Why there are no figures; empty when there are. */
  readonly error: string;
}

export interface ReachSamples {
  readonly samples: readonly TaskSample[];
}

/** From the task. */
export type ReachOutput = {

} & ({ readonly kind: "started"; readonly started: boolean } | { readonly kind: "stdout"; readonly stdout: Uint8Array } | { readonly kind: "stderr"; readonly stderr: Uint8Array } | { readonly kind: "end"; readonly end: boolean } | { readonly kind: "exit"; readonly exit: number } | { readonly kind: "processes"; readonly processes: ReachProcesses } | { readonly kind: "samples"; readonly samples: ReachSamples } | { readonly kind?: undefined });

export interface ListenReachRequest {
  readonly sessionId: string;
}

/** A node is asked for something: it answers with a call to ServeReach. */
export interface ReachNotice {
  readonly id: string;
  readonly ask: ReachAsk | null;
}

export interface ServeReachRequest {
  /** The first one: which notice this answers. Empty afterwards. */
  readonly id: string;
  readonly output: ReachOutput | null;
  /** The ask failed, at once or on the way; nothing follows. */
  readonly errorCode: string;
  readonly errorMessage: string;
  /** All was said that there was to say; nothing follows. */
  readonly done: boolean;
}

export interface OffersRequest {
  /** The name in the services' placement; the caller's own to choose. */
  readonly scheduler: string;
}

/** A task that waits for a node. */
export interface PendingTask {
  readonly id: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceLabels: { readonly [key: string]: string };
  readonly slot: number;
  /** For tasks of global services: only this node will do. */
  readonly nodeId: string;
  readonly reservations: Resources | null;
  readonly placement: Placement | null;
  readonly ports: readonly PortConfig[];
  /** The runtime its node must have: "docker", "process", or empty for any. */
  readonly runtime: string;
}

export interface ServiceShare {
  readonly serviceId: string;
  /** Tasks that run, or are to run. */
  readonly tasks: number;
}

/** A node, and the room on it. */
export interface NodeOffer {
  readonly id: string;
  readonly hostname: string;
  readonly role: NodeRole;
  readonly addr: string;
  /** Up, and open for new tasks. */
  readonly available: boolean;
  readonly labels: { readonly [key: string]: string };
  readonly engineLabels: { readonly [key: string]: string };
  readonly platform: Platform | null;
  readonly runtimes: readonly string[];
  readonly total: Resources | null;
  /** Not reserved by any task. Negative where a node has lost some of what it had. Named resources count as discrete ones here: so many units are free. */
  readonly free: Resources | null;
  readonly services: readonly ServiceShare[];
}

export interface OffersMessage {
  readonly type: OffersMessageType;
  /** New ones, and those that changed. */
  readonly tasks: readonly PendingTask[];
  /** Placed, ended, or gone. */
  readonly goneTaskIds: readonly string[];
  readonly nodes: readonly NodeOffer[];
  readonly goneNodeIds: readonly string[];
  /** The rest of what is known follows at once. */
  readonly more: boolean;
}

export interface TaskPlacement {
  readonly taskId: string;
  readonly nodeId: string;
}

export interface PlaceRequest {
  readonly scheduler: string;
  readonly placements: readonly TaskPlacement[];
}

export interface PlacementResult {
  readonly taskId: string;
  readonly outcome: PlacementResultOutcome;
  /** What each filter misses on the node. */
  readonly lacks: readonly Lack[];
}

export interface PlaceResponse {
  /** One for each placement, in their order. */
  readonly results: readonly PlacementResult[];
}

export interface CsiGetPluginInfoRequest {}

export interface CsiGetPluginInfoResponse {
  /** The plugin's own name, like a domain; not the one it has in the swarm. */
  readonly name: string;
  readonly vendorVersion: string;
}

export interface CsiGetPluginCapabilitiesRequest {}

export type CsiPluginCapability = {

} & ({ readonly type: "service"; readonly service: CsiPluginCapabilityService } | { readonly type?: undefined });

export interface CsiPluginCapabilityService {
  readonly type: CsiPluginCapabilityServiceType;
}

export interface CsiGetPluginCapabilitiesResponse {
  readonly capabilities: readonly CsiPluginCapability[];
}

export interface CsiProbeRequest {}

/** As google.protobuf.BoolValue. */
export interface CsiReadiness {
  readonly value: boolean;
}

export interface CsiProbeResponse {
  /** Absent = ready. */
  readonly ready: CsiReadiness | null;
}

export interface CsiCapacityRange {
  readonly requiredBytes: number;
  readonly limitBytes: number;
}

export interface CsiTopology {
  readonly segments: { readonly [key: string]: string };
}

export interface CsiTopologyRequirement {
  readonly requisite: readonly CsiTopology[];
  readonly preferred: readonly CsiTopology[];
}

export type CsiVolumeCapability = {
  readonly accessMode: CsiVolumeCapabilityAccessMode | null;
} & ({ readonly accessType: "block"; readonly block: CsiVolumeCapabilityBlockVolume } | { readonly accessType: "mount"; readonly mount: CsiVolumeCapabilityMountVolume } | { readonly accessType?: undefined });

export interface CsiVolumeCapabilityBlockVolume {}

export interface CsiVolumeCapabilityMountVolume {
  readonly fsType: string;
  readonly mountFlags: readonly string[];
}

export interface CsiVolumeCapabilityAccessMode {
  readonly mode: CsiVolumeCapabilityAccessModeMode;
}

export interface CsiVolume {
  /** 0 = not known. */
  readonly capacityBytes: number;
  readonly volumeId: string;
  readonly volumeContext: { readonly [key: string]: string };
  /** Empty = every node. */
  readonly accessibleTopology: readonly CsiTopology[];
}

export interface CsiCreateVolumeRequest {
  /** The same name asks for the same volume. */
  readonly name: string;
  readonly capacityRange: CsiCapacityRange | null;
  readonly volumeCapabilities: readonly CsiVolumeCapability[];
  readonly parameters: { readonly [key: string]: string };
  readonly secrets: { readonly [key: string]: string };
  /** Only for plugins with VOLUME_ACCESSIBILITY_CONSTRAINTS. */
  readonly accessibilityRequirements: CsiTopologyRequirement | null;
}

export interface CsiCreateVolumeResponse {
  readonly volume: CsiVolume | null;
}

export interface CsiDeleteVolumeRequest {
  readonly volumeId: string;
  readonly secrets: { readonly [key: string]: string };
}

export interface CsiDeleteVolumeResponse {}

export interface CsiControllerPublishVolumeRequest {
  readonly volumeId: string;
  readonly nodeId: string;
  readonly volumeCapability: CsiVolumeCapability | null;
  /** Only for plugins with PUBLISH_READONLY. */
  readonly readonly: boolean;
  readonly secrets: { readonly [key: string]: string };
  readonly volumeContext: { readonly [key: string]: string };
}

export interface CsiControllerPublishVolumeResponse {
  readonly publishContext: { readonly [key: string]: string };
}

export interface CsiControllerUnpublishVolumeRequest {
  readonly volumeId: string;
  readonly nodeId: string;
  readonly secrets: { readonly [key: string]: string };
}

export interface CsiControllerUnpublishVolumeResponse {}

export interface CsiValidateVolumeCapabilitiesRequest {
  readonly volumeId: string;
  readonly volumeContext: { readonly [key: string]: string };
  readonly volumeCapabilities: readonly CsiVolumeCapability[];
  readonly parameters: { readonly [key: string]: string };
  readonly secrets: { readonly [key: string]: string };
}

export interface CsiValidateVolumeCapabilitiesResponse {
  /** Absent = the volume cannot be used so. */
  readonly confirmed: CsiValidateVolumeCapabilitiesResponseConfirmed | null;
  readonly message: string;
}

export interface CsiValidateVolumeCapabilitiesResponseConfirmed {
  readonly volumeContext: { readonly [key: string]: string };
  readonly volumeCapabilities: readonly CsiVolumeCapability[];
  readonly parameters: { readonly [key: string]: string };
}

export interface CsiControllerGetCapabilitiesRequest {}

export type CsiControllerServiceCapability = {

} & ({ readonly type: "rpc"; readonly rpc: CsiControllerServiceCapabilityRpc } | { readonly type?: undefined });

export interface CsiControllerServiceCapabilityRpc {
  readonly type: CsiControllerServiceCapabilityRpcType;
}

export interface CsiControllerGetCapabilitiesResponse {
  readonly capabilities: readonly CsiControllerServiceCapability[];
}

export interface CsiNodeStageVolumeRequest {
  readonly volumeId: string;
  readonly publishContext: { readonly [key: string]: string };
  readonly stagingTargetPath: string;
  readonly volumeCapability: CsiVolumeCapability | null;
  readonly secrets: { readonly [key: string]: string };
  readonly volumeContext: { readonly [key: string]: string };
}

export interface CsiNodeStageVolumeResponse {}

export interface CsiNodeUnstageVolumeRequest {
  readonly volumeId: string;
  readonly stagingTargetPath: string;
}

export interface CsiNodeUnstageVolumeResponse {}

export interface CsiNodePublishVolumeRequest {
  readonly volumeId: string;
  readonly publishContext: { readonly [key: string]: string };
  /** Empty for plugins without STAGE_UNSTAGE_VOLUME. */
  readonly stagingTargetPath: string;
  /** The plugin makes it; its parent is there. */
  readonly targetPath: string;
  readonly volumeCapability: CsiVolumeCapability | null;
  readonly readonly: boolean;
  readonly secrets: { readonly [key: string]: string };
  readonly volumeContext: { readonly [key: string]: string };
}

export interface CsiNodePublishVolumeResponse {}

export interface CsiNodeUnpublishVolumeRequest {
  readonly volumeId: string;
  /** The plugin deletes it. */
  readonly targetPath: string;
}

export interface CsiNodeUnpublishVolumeResponse {}

export interface CsiNodeGetCapabilitiesRequest {}

export type CsiNodeServiceCapability = {

} & ({ readonly type: "rpc"; readonly rpc: CsiNodeServiceCapabilityRpc } | { readonly type?: undefined });

export interface CsiNodeServiceCapabilityRpc {
  readonly type: CsiNodeServiceCapabilityRpcType;
}

export interface CsiNodeGetCapabilitiesResponse {
  readonly capabilities: readonly CsiNodeServiceCapability[];
}

export interface CsiNodeGetInfoRequest {}

export interface CsiNodeGetInfoResponse {
  /** What ControllerPublishVolume calls the node. */
  readonly nodeId: string;
  /** 0 = the plugin sets no bound. */
  readonly maxVolumesPerNode: number;
  readonly accessibleTopology: CsiTopology | null;
}

/** Every message by its name. */
export interface Messages {
  GetRootCaCertificateRequest: GetRootCaCertificateRequest;
  GetRootCaCertificateResponse: GetRootCaCertificateResponse;
  IssueNodeCertificateRequest: IssueNodeCertificateRequest;
  IssueNodeCertificateResponse: IssueNodeCertificateResponse;
  NodeCertificateStatusRequest: NodeCertificateStatusRequest;
  NodeCertificateStatusResponse: NodeCertificateStatusResponse;
  GetUnlockKeyRequest: GetUnlockKeyRequest;
  GetUnlockKeyResponse: GetUnlockKeyResponse;
  JoinRaftRequest: JoinRaftRequest;
  RaftPeer: RaftPeer;
  JoinRaftResponse: JoinRaftResponse;
  LeaveRaftRequest: LeaveRaftRequest;
  LeaveRaftResponse: LeaveRaftResponse;
  Version: Version;
  Meta: Meta;
  Annotations: Annotations;
  OptionalBool: OptionalBool;
  OptionalInt64: OptionalInt64;
  Platform: Platform;
  GenericResource: GenericResource;
  GenericResourceNamed: GenericResourceNamed;
  GenericResourceDiscrete: GenericResourceDiscrete;
  Resources: Resources;
  ResourceRequirements: ResourceRequirements;
  Driver: Driver;
  PortConfig: PortConfig;
  ContainerStatus: ContainerStatus;
  TaskStatus: TaskStatus;
  EngineDescription: EngineDescription;
  EngineDescriptionPlugin: EngineDescriptionPlugin;
  NodeTlsInfo: NodeTlsInfo;
  CsiNodeInfo: CsiNodeInfo;
  NodeDescription: NodeDescription;
  NodeStatus: NodeStatus;
  ManagerStatus: ManagerStatus;
  Certificate: Certificate;
  IpamConfig: IpamConfig;
  IpamOptions: IpamOptions;
  NetworkAttachment: NetworkAttachment;
  VirtualIp: VirtualIp;
  VolumeAttachment: VolumeAttachment;
  ListFilter: ListFilter;
  Page: Page;
  GetNodeRequest: GetNodeRequest;
  GetNodeResponse: GetNodeResponse;
  ListNodesRequest: ListNodesRequest;
  ListNodesResponse: ListNodesResponse;
  UpdateNodeRequest: UpdateNodeRequest;
  UpdateNodeResponse: UpdateNodeResponse;
  RemoveNodeRequest: RemoveNodeRequest;
  RemoveNodeResponse: RemoveNodeResponse;
  GetServiceRequest: GetServiceRequest;
  GetServiceResponse: GetServiceResponse;
  ListServicesRequest: ListServicesRequest;
  ListServicesResponse: ListServicesResponse;
  CreateServiceRequest: CreateServiceRequest;
  CreateServiceResponse: CreateServiceResponse;
  UpdateServiceRequest: UpdateServiceRequest;
  UpdateServiceResponse: UpdateServiceResponse;
  RemoveServiceRequest: RemoveServiceRequest;
  RemoveServiceResponse: RemoveServiceResponse;
  GetTaskRequest: GetTaskRequest;
  GetTaskResponse: GetTaskResponse;
  ExplainTaskRequest: ExplainTaskRequest;
  Lack: Lack;
  NodeVerdict: NodeVerdict;
  ExplainTaskResponse: ExplainTaskResponse;
  NodeShare: NodeShare;
  PlanServiceRequest: PlanServiceRequest;
  PlanServiceResponse: PlanServiceResponse;
  RebalanceRequest: RebalanceRequest;
  TaskMoveState: TaskMoveState;
  RebalanceResponse: RebalanceResponse;
  ListMovesRequest: ListMovesRequest;
  ListMovesResponse: ListMovesResponse;
  WhatIfRequest: WhatIfRequest;
  ServiceFate: ServiceFate;
  WhatIfResponse: WhatIfResponse;
  ListTasksRequest: ListTasksRequest;
  ListTasksResponse: ListTasksResponse;
  RemoveTaskRequest: RemoveTaskRequest;
  RemoveTaskResponse: RemoveTaskResponse;
  GetNetworkRequest: GetNetworkRequest;
  GetNetworkResponse: GetNetworkResponse;
  ListNetworksRequest: ListNetworksRequest;
  ListNetworksResponse: ListNetworksResponse;
  CreateNetworkRequest: CreateNetworkRequest;
  CreateNetworkResponse: CreateNetworkResponse;
  RemoveNetworkRequest: RemoveNetworkRequest;
  RemoveNetworkResponse: RemoveNetworkResponse;
  GetSecretRequest: GetSecretRequest;
  GetSecretResponse: GetSecretResponse;
  ListSecretsRequest: ListSecretsRequest;
  ListSecretsResponse: ListSecretsResponse;
  CreateSecretRequest: CreateSecretRequest;
  CreateSecretResponse: CreateSecretResponse;
  UpdateSecretRequest: UpdateSecretRequest;
  UpdateSecretResponse: UpdateSecretResponse;
  RemoveSecretRequest: RemoveSecretRequest;
  RemoveSecretResponse: RemoveSecretResponse;
  GetConfigRequest: GetConfigRequest;
  GetConfigResponse: GetConfigResponse;
  ListConfigsRequest: ListConfigsRequest;
  ListConfigsResponse: ListConfigsResponse;
  CreateConfigRequest: CreateConfigRequest;
  CreateConfigResponse: CreateConfigResponse;
  UpdateConfigRequest: UpdateConfigRequest;
  UpdateConfigResponse: UpdateConfigResponse;
  RemoveConfigRequest: RemoveConfigRequest;
  RemoveConfigResponse: RemoveConfigResponse;
  GetVolumeRequest: GetVolumeRequest;
  GetVolumeResponse: GetVolumeResponse;
  ListVolumesRequest: ListVolumesRequest;
  ListVolumesResponse: ListVolumesResponse;
  CreateVolumeRequest: CreateVolumeRequest;
  CreateVolumeResponse: CreateVolumeResponse;
  UpdateVolumeRequest: UpdateVolumeRequest;
  UpdateVolumeResponse: UpdateVolumeResponse;
  RemoveVolumeRequest: RemoveVolumeRequest;
  RemoveVolumeResponse: RemoveVolumeResponse;
  GetExtensionRequest: GetExtensionRequest;
  GetExtensionResponse: GetExtensionResponse;
  ListExtensionsRequest: ListExtensionsRequest;
  ListExtensionsResponse: ListExtensionsResponse;
  CreateExtensionRequest: CreateExtensionRequest;
  CreateExtensionResponse: CreateExtensionResponse;
  RemoveExtensionRequest: RemoveExtensionRequest;
  RemoveExtensionResponse: RemoveExtensionResponse;
  GetResourceRequest: GetResourceRequest;
  GetResourceResponse: GetResourceResponse;
  ListResourcesRequest: ListResourcesRequest;
  ListResourcesResponse: ListResourcesResponse;
  CreateResourceRequest: CreateResourceRequest;
  CreateResourceResponse: CreateResourceResponse;
  UpdateResourceRequest: UpdateResourceRequest;
  UpdateResourceResponse: UpdateResourceResponse;
  RemoveResourceRequest: RemoveResourceRequest;
  RemoveResourceResponse: RemoveResourceResponse;
  ServiceTaskCounts: ServiceTaskCounts;
  ListServiceStatusesRequest: ListServiceStatusesRequest;
  ListServiceStatusesResponse: ListServiceStatusesResponse;
  GetClusterRequest: GetClusterRequest;
  GetClusterResponse: GetClusterResponse;
  KeyRotation: KeyRotation;
  UpdateClusterRequest: UpdateClusterRequest;
  UpdateClusterResponse: UpdateClusterResponse;
  ReadUnlockKeyRequest: ReadUnlockKeyRequest;
  ReadUnlockKeyResponse: ReadUnlockKeyResponse;
  WatchRequest: WatchRequest;
  WatchRequestEntry: WatchRequestEntry;
  WatchEvent: WatchEvent;
  WatchMessage: WatchMessage;
  Node: Node;
  Endpoint: Endpoint;
  UpdateStatus: UpdateStatus;
  JobStatus: JobStatus;
  Service: Service;
  TaskOrigin: TaskOrigin;
  TaskMove: TaskMove;
  MoveRefusal: MoveRefusal;
  Task: Task;
  Network: Network;
  JoinTokens: JoinTokens;
  RootRotation: RootRotation;
  RootCa: RootCa;
  EncryptionKey: EncryptionKey;
  BlacklistedCertificate: BlacklistedCertificate;
  Cluster: Cluster;
  Secret: Secret;
  Config: Config;
  VolumePublishStatus: VolumePublishStatus;
  VolumeInfo: VolumeInfo;
  Volume: Volume;
  Extension: Extension;
  Resource: Resource;
  NodeSpec: NodeSpec;
  Mount: Mount;
  MountBindOptions: MountBindOptions;
  MountVolumeOptions: MountVolumeOptions;
  MountTmpfsOption: MountTmpfsOption;
  MountTmpfsOptions: MountTmpfsOptions;
  FileTarget: FileTarget;
  RuntimeTarget: RuntimeTarget;
  SecretReference: SecretReference;
  ConfigReference: ConfigReference;
  Privileges: Privileges;
  PrivilegesCredentialSpec: PrivilegesCredentialSpec;
  PrivilegesSeLinuxContext: PrivilegesSeLinuxContext;
  PrivilegesSeccomp: PrivilegesSeccomp;
  PrivilegesAppArmor: PrivilegesAppArmor;
  HealthConfig: HealthConfig;
  DnsConfig: DnsConfig;
  Ulimit: Ulimit;
  ContainerSpec: ContainerSpec;
  ProcessSpec: ProcessSpec;
  AttachmentSpec: AttachmentSpec;
  GenericRuntimeSpec: GenericRuntimeSpec;
  RestartPolicy: RestartPolicy;
  PlacementPreference: PlacementPreference;
  Affinity: Affinity;
  Placement: Placement;
  NetworkAttachmentConfig: NetworkAttachmentConfig;
  TaskSpec: TaskSpec;
  ReplicatedMode: ReplicatedMode;
  GlobalMode: GlobalMode;
  ReplicatedJobMode: ReplicatedJobMode;
  GlobalJobMode: GlobalJobMode;
  UpdateConfig: UpdateConfig;
  EndpointSpec: EndpointSpec;
  Schedule: Schedule;
  ServiceDependency: ServiceDependency;
  ServiceSpec: ServiceSpec;
  NetworkSpec: NetworkSpec;
  OrchestrationConfig: OrchestrationConfig;
  RaftConfig: RaftConfig;
  DispatcherConfig: DispatcherConfig;
  ExternalCa: ExternalCa;
  CaConfig: CaConfig;
  TaskDefaults: TaskDefaults;
  RebalanceConfig: RebalanceConfig;
  EncryptionConfig: EncryptionConfig;
  ClusterSpec: ClusterSpec;
  SecretSpec: SecretSpec;
  ConfigSpec: ConfigSpec;
  VolumeAccessMode: VolumeAccessMode;
  VolumeAccessModeBlock: VolumeAccessModeBlock;
  VolumeAccessModeMountAccess: VolumeAccessModeMountAccess;
  Topology: Topology;
  TopologyRequirement: TopologyRequirement;
  VolumeSecret: VolumeSecret;
  CapacityRange: CapacityRange;
  VolumeSpec: VolumeSpec;
  StoreObject: StoreObject;
  StoreChange: StoreChange;
  StoreTransaction: StoreTransaction;
  StoreSnapshotChunk: StoreSnapshotChunk;
  SessionRequest: SessionRequest;
  ManagerPeer: ManagerPeer;
  SessionMessage: SessionMessage;
  HeartbeatRequest: HeartbeatRequest;
  HeartbeatResponse: HeartbeatResponse;
  TaskStatusUpdate: TaskStatusUpdate;
  UpdateTaskStatusRequest: UpdateTaskStatusRequest;
  UpdateTaskStatusResponse: UpdateTaskStatusResponse;
  AssignmentsRequest: AssignmentsRequest;
  NetworkMap: NetworkMap;
  NetworkMapEndpoint: NetworkMapEndpoint;
  NetworkMapPeer: NetworkMapPeer;
  VolumeAssignment: VolumeAssignment;
  Assignment: Assignment;
  AssignmentChange: AssignmentChange;
  AssignmentsMessage: AssignmentsMessage;
  UpdateVolumeStatusRequest: UpdateVolumeStatusRequest;
  UpdateVolumeStatusRequestUpdate: UpdateVolumeStatusRequestUpdate;
  UpdateVolumeStatusResponse: UpdateVolumeStatusResponse;
  LogSelector: LogSelector;
  LogPosition: LogPosition;
  LogOptions: LogOptions;
  LogContext: LogContext;
  LogMessage: LogMessage;
  SubscribeLogsRequest: SubscribeLogsRequest;
  SubscribeLogsMessage: SubscribeLogsMessage;
  ListenSubscriptionsRequest: ListenSubscriptionsRequest;
  SubscriptionMessage: SubscriptionMessage;
  PublishLogsMessage: PublishLogsMessage;
  PublishLogsResponse: PublishLogsResponse;
  RaftEntry: RaftEntry;
  RaftConfState: RaftConfState;
  RaftSnapshotMeta: RaftSnapshotMeta;
  RaftMessage: RaftMessage;
  RaftMemberRecord: RaftMemberRecord;
  RaftSnapshotDescription: RaftSnapshotDescription;
  RaftHello: RaftHello;
  RaftFrame: RaftFrame;
  RaftExchangeRequest: RaftExchangeRequest;
  RaftExchangeResponse: RaftExchangeResponse;
  RaftSnapshotOffer: RaftSnapshotOffer;
  RaftSnapshotChunk: RaftSnapshotChunk;
  RaftInstallSnapshotRequest: RaftInstallSnapshotRequest;
  RaftInstallSnapshotResponse: RaftInstallSnapshotResponse;
  TerminalWindow: TerminalWindow;
  ExecAsk: ExecAsk;
  TopAsk: TopAsk;
  StatsAsk: StatsAsk;
  DialAsk: DialAsk;
  ReachAsk: ReachAsk;
  ReachInput: ReachInput;
  ReachProcesses: ReachProcesses;
  ReachProcessesRow: ReachProcessesRow;
  TaskSample: TaskSample;
  ReachSamples: ReachSamples;
  ReachOutput: ReachOutput;
  ListenReachRequest: ListenReachRequest;
  ReachNotice: ReachNotice;
  ServeReachRequest: ServeReachRequest;
  OffersRequest: OffersRequest;
  PendingTask: PendingTask;
  ServiceShare: ServiceShare;
  NodeOffer: NodeOffer;
  OffersMessage: OffersMessage;
  TaskPlacement: TaskPlacement;
  PlaceRequest: PlaceRequest;
  PlacementResult: PlacementResult;
  PlaceResponse: PlaceResponse;
  CsiGetPluginInfoRequest: CsiGetPluginInfoRequest;
  CsiGetPluginInfoResponse: CsiGetPluginInfoResponse;
  CsiGetPluginCapabilitiesRequest: CsiGetPluginCapabilitiesRequest;
  CsiPluginCapability: CsiPluginCapability;
  CsiPluginCapabilityService: CsiPluginCapabilityService;
  CsiGetPluginCapabilitiesResponse: CsiGetPluginCapabilitiesResponse;
  CsiProbeRequest: CsiProbeRequest;
  CsiReadiness: CsiReadiness;
  CsiProbeResponse: CsiProbeResponse;
  CsiCapacityRange: CsiCapacityRange;
  CsiTopology: CsiTopology;
  CsiTopologyRequirement: CsiTopologyRequirement;
  CsiVolumeCapability: CsiVolumeCapability;
  CsiVolumeCapabilityBlockVolume: CsiVolumeCapabilityBlockVolume;
  CsiVolumeCapabilityMountVolume: CsiVolumeCapabilityMountVolume;
  CsiVolumeCapabilityAccessMode: CsiVolumeCapabilityAccessMode;
  CsiVolume: CsiVolume;
  CsiCreateVolumeRequest: CsiCreateVolumeRequest;
  CsiCreateVolumeResponse: CsiCreateVolumeResponse;
  CsiDeleteVolumeRequest: CsiDeleteVolumeRequest;
  CsiDeleteVolumeResponse: CsiDeleteVolumeResponse;
  CsiControllerPublishVolumeRequest: CsiControllerPublishVolumeRequest;
  CsiControllerPublishVolumeResponse: CsiControllerPublishVolumeResponse;
  CsiControllerUnpublishVolumeRequest: CsiControllerUnpublishVolumeRequest;
  CsiControllerUnpublishVolumeResponse: CsiControllerUnpublishVolumeResponse;
  CsiValidateVolumeCapabilitiesRequest: CsiValidateVolumeCapabilitiesRequest;
  CsiValidateVolumeCapabilitiesResponse: CsiValidateVolumeCapabilitiesResponse;
  CsiValidateVolumeCapabilitiesResponseConfirmed: CsiValidateVolumeCapabilitiesResponseConfirmed;
  CsiControllerGetCapabilitiesRequest: CsiControllerGetCapabilitiesRequest;
  CsiControllerServiceCapability: CsiControllerServiceCapability;
  CsiControllerServiceCapabilityRpc: CsiControllerServiceCapabilityRpc;
  CsiControllerGetCapabilitiesResponse: CsiControllerGetCapabilitiesResponse;
  CsiNodeStageVolumeRequest: CsiNodeStageVolumeRequest;
  CsiNodeStageVolumeResponse: CsiNodeStageVolumeResponse;
  CsiNodeUnstageVolumeRequest: CsiNodeUnstageVolumeRequest;
  CsiNodeUnstageVolumeResponse: CsiNodeUnstageVolumeResponse;
  CsiNodePublishVolumeRequest: CsiNodePublishVolumeRequest;
  CsiNodePublishVolumeResponse: CsiNodePublishVolumeResponse;
  CsiNodeUnpublishVolumeRequest: CsiNodeUnpublishVolumeRequest;
  CsiNodeUnpublishVolumeResponse: CsiNodeUnpublishVolumeResponse;
  CsiNodeGetCapabilitiesRequest: CsiNodeGetCapabilitiesRequest;
  CsiNodeServiceCapability: CsiNodeServiceCapability;
  CsiNodeServiceCapabilityRpc: CsiNodeServiceCapabilityRpc;
  CsiNodeGetCapabilitiesResponse: CsiNodeGetCapabilitiesResponse;
  CsiNodeGetInfoRequest: CsiNodeGetInfoRequest;
  CsiNodeGetInfoResponse: CsiNodeGetInfoResponse;
}

/** Called by nodes, also by such as have no certificate yet. */
export interface NodeCaApi {
  /** Anyone. */
  getRootCaCertificate(request: GetRootCaCertificateRequest, call: Call): Promise<GetRootCaCertificateResponse>;
  /** Anyone with a join token, or a node with a valid certificate. */
  issueNodeCertificate(request: IssueNodeCertificateRequest, call: Call): Promise<IssueNodeCertificateResponse>;
  /** Anyone; blocks until issuance ended or the deadline passes. */
  nodeCertificateStatus(request: NodeCertificateStatusRequest, call: Call): Promise<NodeCertificateStatusResponse>;
  /** Managers. */
  getUnlockKey(request: GetUnlockKeyRequest, call: Call): Promise<GetUnlockKeyResponse>;
}

export const NodeCaService: RpcService<NodeCaApi> = {
  methods: {
    getRootCaCertificate: method("skep.v1.NodeCa/GetRootCaCertificate", "GetRootCaCertificateRequest", "GetRootCaCertificateResponse", false, false),
    issueNodeCertificate: method("skep.v1.NodeCa/IssueNodeCertificate", "IssueNodeCertificateRequest", "IssueNodeCertificateResponse", false, false),
    nodeCertificateStatus: method("skep.v1.NodeCa/NodeCertificateStatus", "NodeCertificateStatusRequest", "NodeCertificateStatusResponse", false, false),
    getUnlockKey: method("skep.v1.NodeCa/GetUnlockKey", "GetUnlockKeyRequest", "GetUnlockKeyResponse", false, false),
  },
};

/** Called by managers about themselves; answered by the leader. */
export interface MembershipApi {
  /** Managers. */
  joinRaft(request: JoinRaftRequest, call: Call): Promise<JoinRaftResponse>;
  /** Managers. */
  leaveRaft(request: LeaveRaftRequest, call: Call): Promise<LeaveRaftResponse>;
}

export const MembershipService: RpcService<MembershipApi> = {
  methods: {
    joinRaft: method("skep.v1.Membership/JoinRaft", "JoinRaftRequest", "JoinRaftResponse", false, false),
    leaveRaft: method("skep.v1.Membership/LeaveRaft", "LeaveRaftRequest", "LeaveRaftResponse", false, false),
  },
};

export interface ControlApi {
  getNode(request: GetNodeRequest, call: Call): Promise<GetNodeResponse>;
  listNodes(request: ListNodesRequest, call: Call): Promise<ListNodesResponse>;
  updateNode(request: UpdateNodeRequest, call: Call): Promise<UpdateNodeResponse>;
  removeNode(request: RemoveNodeRequest, call: Call): Promise<RemoveNodeResponse>;
  getService(request: GetServiceRequest, call: Call): Promise<GetServiceResponse>;
  listServices(request: ListServicesRequest, call: Call): Promise<ListServicesResponse>;
  createService(request: CreateServiceRequest, call: Call): Promise<CreateServiceResponse>;
  updateService(request: UpdateServiceRequest, call: Call): Promise<UpdateServiceResponse>;
  removeService(request: RemoveServiceRequest, call: Call): Promise<RemoveServiceResponse>;
  getTask(request: GetTaskRequest, call: Call): Promise<GetTaskResponse>;
  listTasks(request: ListTasksRequest, call: Call): Promise<ListTasksResponse>;
  removeTask(request: RemoveTaskRequest, call: Call): Promise<RemoveTaskResponse>;
  explainTask(request: ExplainTaskRequest, call: Call): Promise<ExplainTaskResponse>;
  planService(request: PlanServiceRequest, call: Call): Promise<PlanServiceResponse>;
  whatIf(request: WhatIfRequest, call: Call): Promise<WhatIfResponse>;
  rebalance(request: RebalanceRequest, call: Call): Promise<RebalanceResponse>;
  listMoves(request: ListMovesRequest, call: Call): Promise<ListMovesResponse>;
  getNetwork(request: GetNetworkRequest, call: Call): Promise<GetNetworkResponse>;
  listNetworks(request: ListNetworksRequest, call: Call): Promise<ListNetworksResponse>;
  createNetwork(request: CreateNetworkRequest, call: Call): Promise<CreateNetworkResponse>;
  removeNetwork(request: RemoveNetworkRequest, call: Call): Promise<RemoveNetworkResponse>;
  getSecret(request: GetSecretRequest, call: Call): Promise<GetSecretResponse>;
  listSecrets(request: ListSecretsRequest, call: Call): Promise<ListSecretsResponse>;
  createSecret(request: CreateSecretRequest, call: Call): Promise<CreateSecretResponse>;
  updateSecret(request: UpdateSecretRequest, call: Call): Promise<UpdateSecretResponse>;
  removeSecret(request: RemoveSecretRequest, call: Call): Promise<RemoveSecretResponse>;
  getConfig(request: GetConfigRequest, call: Call): Promise<GetConfigResponse>;
  listConfigs(request: ListConfigsRequest, call: Call): Promise<ListConfigsResponse>;
  createConfig(request: CreateConfigRequest, call: Call): Promise<CreateConfigResponse>;
  updateConfig(request: UpdateConfigRequest, call: Call): Promise<UpdateConfigResponse>;
  removeConfig(request: RemoveConfigRequest, call: Call): Promise<RemoveConfigResponse>;
  getVolume(request: GetVolumeRequest, call: Call): Promise<GetVolumeResponse>;
  listVolumes(request: ListVolumesRequest, call: Call): Promise<ListVolumesResponse>;
  createVolume(request: CreateVolumeRequest, call: Call): Promise<CreateVolumeResponse>;
  updateVolume(request: UpdateVolumeRequest, call: Call): Promise<UpdateVolumeResponse>;
  removeVolume(request: RemoveVolumeRequest, call: Call): Promise<RemoveVolumeResponse>;
  getExtension(request: GetExtensionRequest, call: Call): Promise<GetExtensionResponse>;
  listExtensions(request: ListExtensionsRequest, call: Call): Promise<ListExtensionsResponse>;
  createExtension(request: CreateExtensionRequest, call: Call): Promise<CreateExtensionResponse>;
  removeExtension(request: RemoveExtensionRequest, call: Call): Promise<RemoveExtensionResponse>;
  getResource(request: GetResourceRequest, call: Call): Promise<GetResourceResponse>;
  listResources(request: ListResourcesRequest, call: Call): Promise<ListResourcesResponse>;
  createResource(request: CreateResourceRequest, call: Call): Promise<CreateResourceResponse>;
  updateResource(request: UpdateResourceRequest, call: Call): Promise<UpdateResourceResponse>;
  removeResource(request: RemoveResourceRequest, call: Call): Promise<RemoveResourceResponse>;
  listServiceStatuses(request: ListServiceStatusesRequest, call: Call): Promise<ListServiceStatusesResponse>;
  getCluster(request: GetClusterRequest, call: Call): Promise<GetClusterResponse>;
  updateCluster(request: UpdateClusterRequest, call: Call): Promise<UpdateClusterResponse>;
  readUnlockKey(request: ReadUnlockKeyRequest, call: Call): Promise<ReadUnlockKeyResponse>;
  watch(request: WatchRequest, call: Call): AsyncIterable<WatchMessage>;
}

export const ControlService: RpcService<ControlApi> = {
  methods: {
    getNode: method("skep.v1.Control/GetNode", "GetNodeRequest", "GetNodeResponse", false, false),
    listNodes: method("skep.v1.Control/ListNodes", "ListNodesRequest", "ListNodesResponse", false, false),
    updateNode: method("skep.v1.Control/UpdateNode", "UpdateNodeRequest", "UpdateNodeResponse", false, false),
    removeNode: method("skep.v1.Control/RemoveNode", "RemoveNodeRequest", "RemoveNodeResponse", false, false),
    getService: method("skep.v1.Control/GetService", "GetServiceRequest", "GetServiceResponse", false, false),
    listServices: method("skep.v1.Control/ListServices", "ListServicesRequest", "ListServicesResponse", false, false),
    createService: method("skep.v1.Control/CreateService", "CreateServiceRequest", "CreateServiceResponse", false, false),
    updateService: method("skep.v1.Control/UpdateService", "UpdateServiceRequest", "UpdateServiceResponse", false, false),
    removeService: method("skep.v1.Control/RemoveService", "RemoveServiceRequest", "RemoveServiceResponse", false, false),
    getTask: method("skep.v1.Control/GetTask", "GetTaskRequest", "GetTaskResponse", false, false),
    listTasks: method("skep.v1.Control/ListTasks", "ListTasksRequest", "ListTasksResponse", false, false),
    removeTask: method("skep.v1.Control/RemoveTask", "RemoveTaskRequest", "RemoveTaskResponse", false, false),
    explainTask: method("skep.v1.Control/ExplainTask", "ExplainTaskRequest", "ExplainTaskResponse", false, false),
    planService: method("skep.v1.Control/PlanService", "PlanServiceRequest", "PlanServiceResponse", false, false),
    whatIf: method("skep.v1.Control/WhatIf", "WhatIfRequest", "WhatIfResponse", false, false),
    rebalance: method("skep.v1.Control/Rebalance", "RebalanceRequest", "RebalanceResponse", false, false),
    listMoves: method("skep.v1.Control/ListMoves", "ListMovesRequest", "ListMovesResponse", false, false),
    getNetwork: method("skep.v1.Control/GetNetwork", "GetNetworkRequest", "GetNetworkResponse", false, false),
    listNetworks: method("skep.v1.Control/ListNetworks", "ListNetworksRequest", "ListNetworksResponse", false, false),
    createNetwork: method("skep.v1.Control/CreateNetwork", "CreateNetworkRequest", "CreateNetworkResponse", false, false),
    removeNetwork: method("skep.v1.Control/RemoveNetwork", "RemoveNetworkRequest", "RemoveNetworkResponse", false, false),
    getSecret: method("skep.v1.Control/GetSecret", "GetSecretRequest", "GetSecretResponse", false, false),
    listSecrets: method("skep.v1.Control/ListSecrets", "ListSecretsRequest", "ListSecretsResponse", false, false),
    createSecret: method("skep.v1.Control/CreateSecret", "CreateSecretRequest", "CreateSecretResponse", false, false),
    updateSecret: method("skep.v1.Control/UpdateSecret", "UpdateSecretRequest", "UpdateSecretResponse", false, false),
    removeSecret: method("skep.v1.Control/RemoveSecret", "RemoveSecretRequest", "RemoveSecretResponse", false, false),
    getConfig: method("skep.v1.Control/GetConfig", "GetConfigRequest", "GetConfigResponse", false, false),
    listConfigs: method("skep.v1.Control/ListConfigs", "ListConfigsRequest", "ListConfigsResponse", false, false),
    createConfig: method("skep.v1.Control/CreateConfig", "CreateConfigRequest", "CreateConfigResponse", false, false),
    updateConfig: method("skep.v1.Control/UpdateConfig", "UpdateConfigRequest", "UpdateConfigResponse", false, false),
    removeConfig: method("skep.v1.Control/RemoveConfig", "RemoveConfigRequest", "RemoveConfigResponse", false, false),
    getVolume: method("skep.v1.Control/GetVolume", "GetVolumeRequest", "GetVolumeResponse", false, false),
    listVolumes: method("skep.v1.Control/ListVolumes", "ListVolumesRequest", "ListVolumesResponse", false, false),
    createVolume: method("skep.v1.Control/CreateVolume", "CreateVolumeRequest", "CreateVolumeResponse", false, false),
    updateVolume: method("skep.v1.Control/UpdateVolume", "UpdateVolumeRequest", "UpdateVolumeResponse", false, false),
    removeVolume: method("skep.v1.Control/RemoveVolume", "RemoveVolumeRequest", "RemoveVolumeResponse", false, false),
    getExtension: method("skep.v1.Control/GetExtension", "GetExtensionRequest", "GetExtensionResponse", false, false),
    listExtensions: method("skep.v1.Control/ListExtensions", "ListExtensionsRequest", "ListExtensionsResponse", false, false),
    createExtension: method("skep.v1.Control/CreateExtension", "CreateExtensionRequest", "CreateExtensionResponse", false, false),
    removeExtension: method("skep.v1.Control/RemoveExtension", "RemoveExtensionRequest", "RemoveExtensionResponse", false, false),
    getResource: method("skep.v1.Control/GetResource", "GetResourceRequest", "GetResourceResponse", false, false),
    listResources: method("skep.v1.Control/ListResources", "ListResourcesRequest", "ListResourcesResponse", false, false),
    createResource: method("skep.v1.Control/CreateResource", "CreateResourceRequest", "CreateResourceResponse", false, false),
    updateResource: method("skep.v1.Control/UpdateResource", "UpdateResourceRequest", "UpdateResourceResponse", false, false),
    removeResource: method("skep.v1.Control/RemoveResource", "RemoveResourceRequest", "RemoveResourceResponse", false, false),
    listServiceStatuses: method("skep.v1.Control/ListServiceStatuses", "ListServiceStatusesRequest", "ListServiceStatusesResponse", false, false),
    getCluster: method("skep.v1.Control/GetCluster", "GetClusterRequest", "GetClusterResponse", false, false),
    updateCluster: method("skep.v1.Control/UpdateCluster", "UpdateClusterRequest", "UpdateClusterResponse", false, false),
    readUnlockKey: method("skep.v1.Control/ReadUnlockKey", "ReadUnlockKeyRequest", "ReadUnlockKeyResponse", false, false),
    watch: method("skep.v1.Control/Watch", "WatchRequest", "WatchMessage", false, true),
  },
};

/** Every call: workers and managers, each about itself only. Answered by the leader; other managers answer `not-leader` with its address. */
export interface DispatcherApi {
  session(request: SessionRequest, call: Call): AsyncIterable<SessionMessage>;
  heartbeat(request: HeartbeatRequest, call: Call): Promise<HeartbeatResponse>;
  updateTaskStatus(request: UpdateTaskStatusRequest, call: Call): Promise<UpdateTaskStatusResponse>;
  assignments(request: AssignmentsRequest, call: Call): AsyncIterable<AssignmentsMessage>;
  updateVolumeStatus(request: UpdateVolumeStatusRequest, call: Call): Promise<UpdateVolumeStatusResponse>;
}

export const DispatcherService: RpcService<DispatcherApi> = {
  methods: {
    session: method("skep.v1.Dispatcher/Session", "SessionRequest", "SessionMessage", false, true),
    heartbeat: method("skep.v1.Dispatcher/Heartbeat", "HeartbeatRequest", "HeartbeatResponse", false, false),
    updateTaskStatus: method("skep.v1.Dispatcher/UpdateTaskStatus", "UpdateTaskStatusRequest", "UpdateTaskStatusResponse", false, false),
    assignments: method("skep.v1.Dispatcher/Assignments", "AssignmentsRequest", "AssignmentsMessage", false, true),
    updateVolumeStatus: method("skep.v1.Dispatcher/UpdateVolumeStatus", "UpdateVolumeStatusRequest", "UpdateVolumeStatusResponse", false, false),
  },
};

export interface LogsApi {
  /** Managers. */
  subscribeLogs(request: SubscribeLogsRequest, call: Call): AsyncIterable<SubscribeLogsMessage>;
}

export const LogsService: RpcService<LogsApi> = {
  methods: {
    subscribeLogs: method("skep.v1.Logs/SubscribeLogs", "SubscribeLogsRequest", "SubscribeLogsMessage", false, true),
  },
};

/** Every call: workers and managers, each about itself only. */
export interface LogBrokerApi {
  listenSubscriptions(request: ListenSubscriptionsRequest, call: Call): AsyncIterable<SubscriptionMessage>;
  publishLogs(request: AsyncIterable<PublishLogsMessage>, call: Call): Promise<PublishLogsResponse>;
}

export const LogBrokerService: RpcService<LogBrokerApi> = {
  methods: {
    listenSubscriptions: method("skep.v1.LogBroker/ListenSubscriptions", "ListenSubscriptionsRequest", "SubscriptionMessage", false, true),
    publishLogs: method("skep.v1.LogBroker/PublishLogs", "PublishLogsMessage", "PublishLogsResponse", true, false),
  },
};

/** Between Raft ports; managers of the same cluster only. */
export interface RaftTransportApi {
  /** One-way: the caller sends a hello, then frames; the answer comes only when the stream ends. */
  exchange(request: AsyncIterable<RaftExchangeRequest>, call: Call): Promise<RaftExchangeResponse>;
  /** One snapshot. */
  installSnapshot(request: AsyncIterable<RaftInstallSnapshotRequest>, call: Call): AsyncIterable<RaftInstallSnapshotResponse>;
}

export const RaftTransportService: RpcService<RaftTransportApi> = {
  methods: {
    exchange: method("skep.v1.RaftTransport/Exchange", "RaftExchangeRequest", "RaftExchangeResponse", true, false),
    installSnapshot: method("skep.v1.RaftTransport/InstallSnapshot", "RaftInstallSnapshotRequest", "RaftInstallSnapshotResponse", true, true),
  },
};

export interface ReachApi {
  /** Managers. The first message is the ask. */
  open(request: AsyncIterable<ReachInput>, call: Call): AsyncIterable<ReachOutput>;
}

export const ReachService: RpcService<ReachApi> = {
  methods: {
    open: method("skep.v1.Reach/Open", "ReachInput", "ReachOutput", true, true),
  },
};

/** Every call: workers and managers, each about itself only. */
export interface ReachBrokerApi {
  listenReach(request: ListenReachRequest, call: Call): AsyncIterable<ReachNotice>;
  serveReach(request: AsyncIterable<ServeReachRequest>, call: Call): AsyncIterable<ReachInput>;
}

export const ReachBrokerService: RpcService<ReachBrokerApi> = {
  methods: {
    listenReach: method("skep.v1.ReachBroker/ListenReach", "ListenReachRequest", "ReachNotice", false, true),
    serveReach: method("skep.v1.ReachBroker/ServeReach", "ServeReachRequest", "ReachInput", true, true),
  },
};

/** Managers' certificates only. Answered by the leader; other managers answer `not-leader` with its address. */
export interface SchedulingApi {
  /** Tasks that wait for this scheduler and all nodes: everything first, then what changes. */
  offers(request: OffersRequest, call: Call): AsyncIterable<OffersMessage>;
  /** Puts tasks on nodes, each checked by the same filters as any other. */
  place(request: PlaceRequest, call: Call): Promise<PlaceResponse>;
}

export const SchedulingService: RpcService<SchedulingApi> = {
  methods: {
    offers: method("skep.v1.Scheduling/Offers", "OffersRequest", "OffersMessage", false, true),
    place: method("skep.v1.Scheduling/Place", "PlaceRequest", "PlaceResponse", false, false),
  },
};

export interface CsiIdentityApi {
  getPluginInfo(request: CsiGetPluginInfoRequest, call: Call): Promise<CsiGetPluginInfoResponse>;
  getPluginCapabilities(request: CsiGetPluginCapabilitiesRequest, call: Call): Promise<CsiGetPluginCapabilitiesResponse>;
  probe(request: CsiProbeRequest, call: Call): Promise<CsiProbeResponse>;
}

export const CsiIdentityService: RpcService<CsiIdentityApi> = {
  methods: {
    getPluginInfo: method("csi.v1.Identity/GetPluginInfo", "CsiGetPluginInfoRequest", "CsiGetPluginInfoResponse", false, false),
    getPluginCapabilities: method("csi.v1.Identity/GetPluginCapabilities", "CsiGetPluginCapabilitiesRequest", "CsiGetPluginCapabilitiesResponse", false, false),
    probe: method("csi.v1.Identity/Probe", "CsiProbeRequest", "CsiProbeResponse", false, false),
  },
};

export interface CsiControllerApi {
  createVolume(request: CsiCreateVolumeRequest, call: Call): Promise<CsiCreateVolumeResponse>;
  deleteVolume(request: CsiDeleteVolumeRequest, call: Call): Promise<CsiDeleteVolumeResponse>;
  controllerPublishVolume(request: CsiControllerPublishVolumeRequest, call: Call): Promise<CsiControllerPublishVolumeResponse>;
  controllerUnpublishVolume(request: CsiControllerUnpublishVolumeRequest, call: Call): Promise<CsiControllerUnpublishVolumeResponse>;
  validateVolumeCapabilities(request: CsiValidateVolumeCapabilitiesRequest, call: Call): Promise<CsiValidateVolumeCapabilitiesResponse>;
  controllerGetCapabilities(request: CsiControllerGetCapabilitiesRequest, call: Call): Promise<CsiControllerGetCapabilitiesResponse>;
}

export const CsiControllerService: RpcService<CsiControllerApi> = {
  methods: {
    createVolume: method("csi.v1.Controller/CreateVolume", "CsiCreateVolumeRequest", "CsiCreateVolumeResponse", false, false),
    deleteVolume: method("csi.v1.Controller/DeleteVolume", "CsiDeleteVolumeRequest", "CsiDeleteVolumeResponse", false, false),
    controllerPublishVolume: method("csi.v1.Controller/ControllerPublishVolume", "CsiControllerPublishVolumeRequest", "CsiControllerPublishVolumeResponse", false, false),
    controllerUnpublishVolume: method("csi.v1.Controller/ControllerUnpublishVolume", "CsiControllerUnpublishVolumeRequest", "CsiControllerUnpublishVolumeResponse", false, false),
    validateVolumeCapabilities: method("csi.v1.Controller/ValidateVolumeCapabilities", "CsiValidateVolumeCapabilitiesRequest", "CsiValidateVolumeCapabilitiesResponse", false, false),
    controllerGetCapabilities: method("csi.v1.Controller/ControllerGetCapabilities", "CsiControllerGetCapabilitiesRequest", "CsiControllerGetCapabilitiesResponse", false, false),
  },
};

export interface CsiNodeApi {
  nodeStageVolume(request: CsiNodeStageVolumeRequest, call: Call): Promise<CsiNodeStageVolumeResponse>;
  nodeUnstageVolume(request: CsiNodeUnstageVolumeRequest, call: Call): Promise<CsiNodeUnstageVolumeResponse>;
  nodePublishVolume(request: CsiNodePublishVolumeRequest, call: Call): Promise<CsiNodePublishVolumeResponse>;
  nodeUnpublishVolume(request: CsiNodeUnpublishVolumeRequest, call: Call): Promise<CsiNodeUnpublishVolumeResponse>;
  nodeGetCapabilities(request: CsiNodeGetCapabilitiesRequest, call: Call): Promise<CsiNodeGetCapabilitiesResponse>;
  nodeGetInfo(request: CsiNodeGetInfoRequest, call: Call): Promise<CsiNodeGetInfoResponse>;
}

export const CsiNodeService: RpcService<CsiNodeApi> = {
  methods: {
    nodeStageVolume: method("csi.v1.Node/NodeStageVolume", "CsiNodeStageVolumeRequest", "CsiNodeStageVolumeResponse", false, false),
    nodeUnstageVolume: method("csi.v1.Node/NodeUnstageVolume", "CsiNodeUnstageVolumeRequest", "CsiNodeUnstageVolumeResponse", false, false),
    nodePublishVolume: method("csi.v1.Node/NodePublishVolume", "CsiNodePublishVolumeRequest", "CsiNodePublishVolumeResponse", false, false),
    nodeUnpublishVolume: method("csi.v1.Node/NodeUnpublishVolume", "CsiNodeUnpublishVolumeRequest", "CsiNodeUnpublishVolumeResponse", false, false),
    nodeGetCapabilities: method("csi.v1.Node/NodeGetCapabilities", "CsiNodeGetCapabilitiesRequest", "CsiNodeGetCapabilitiesResponse", false, false),
    nodeGetInfo: method("csi.v1.Node/NodeGetInfo", "CsiNodeGetInfoRequest", "CsiNodeGetInfoResponse", false, false),
  },
};
