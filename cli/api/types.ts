/*
 * The JSON of Docker's Engine API as far as the commands read it. Absent means unset; only fields
 * the engine always sends are required.
 */

/** A cluster object's version: sent back with an update, which fails if it has moved. */
export interface Version {
  readonly Index: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface Node {
  readonly ID: string;
  readonly Version: Version;
  readonly CreatedAt: string;
  readonly Spec: NodeSpec;
  readonly Description: {
    readonly Hostname?: string;
    readonly Platform?: { readonly Architecture?: string; readonly OS?: string };
    readonly Resources?: { readonly NanoCPUs?: number; readonly MemoryBytes?: number };
    readonly Engine?: {
      readonly EngineVersion?: string;
      readonly Labels?: Labels;
      readonly Plugins?: readonly { readonly Type: string; readonly Name: string }[];
    };
    readonly TLSInfo?: TlsInfo;
  };
  readonly Status: { readonly State: string; readonly Message?: string; readonly Addr?: string };
  readonly ManagerStatus?: {
    readonly Leader?: boolean;
    readonly Reachability?: string;
    readonly Addr?: string;
  };
}

export interface NodeSpec {
  readonly Name?: string;
  readonly Labels?: Labels | null;
  readonly Role: string;
  readonly Availability: string;
}

export interface TlsInfo {
  readonly TrustRoot?: string;
  readonly CertIssuerSubject?: string;
  readonly CertIssuerPublicKey?: string;
}

export interface Info {
  readonly Name?: string;
  readonly Swarm: SwarmInfo;
}

export interface SwarmInfo {
  readonly NodeID: string;
  readonly NodeAddr: string;
  /** inactive, pending, active, error or locked. */
  readonly LocalNodeState: string;
  readonly ControlAvailable: boolean;
  readonly Error?: string;
  readonly RemoteManagers?: readonly { readonly NodeID: string; readonly Addr: string }[] | null;
  readonly Nodes?: number;
  readonly Managers?: number;
  readonly Warnings?: readonly string[] | null;
  readonly Cluster?: Cluster | null;
}

export interface Cluster {
  readonly ID: string;
  readonly Version: Version;
  readonly CreatedAt?: string;
  readonly Spec: SwarmSpec;
  readonly TLSInfo?: TlsInfo;
  readonly RootRotationInProgress?: boolean;
  readonly DefaultAddrPool?: readonly string[] | null;
  readonly SubnetSize?: number;
  readonly DataPathPort?: number;
  readonly JoinTokens?: { readonly Worker: string; readonly Manager: string };
}

export interface SwarmSpec {
  readonly Name?: string;
  readonly Labels?: Labels | null;
  readonly Orchestration?: { readonly TaskHistoryRetentionLimit?: number };
  readonly Raft?: {
    readonly SnapshotInterval?: number;
    readonly KeepOldSnapshots?: number;
    readonly LogEntriesForSlowFollowers?: number;
    readonly ElectionTick?: number;
    readonly HeartbeatTick?: number;
  };
  readonly Dispatcher?: { readonly HeartbeatPeriod?: number };
  readonly CAConfig?: {
    readonly NodeCertExpiry?: number;
    readonly ExternalCAs?: readonly ExternalCa[];
    readonly SigningCACert?: string;
    readonly SigningCAKey?: string;
    readonly ForceRotate?: number;
  };
  readonly TaskDefaults?: object;
  readonly EncryptionConfig?: { readonly AutoLockManagers?: boolean };
}

export interface ExternalCa {
  readonly Protocol: string;
  readonly URL: string;
  readonly Options?: Labels;
  readonly CACert?: string;
}

export interface Task {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Name?: string;
  readonly Spec: { readonly ContainerSpec?: { readonly Image?: string; readonly TTY?: boolean } };
  readonly ServiceID?: string;
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly Status: {
    readonly Timestamp?: string;
    readonly State: string;
    readonly Message?: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string; readonly ExitCode?: number };
    readonly PortStatus?: { readonly Ports?: readonly Port[] | null };
  };
  readonly DesiredState: string;
  readonly JobIteration?: Version;
}

/** A published port, in a service's endpoint or a task's status. */
export interface Port {
  readonly Name?: string;
  readonly Protocol?: string;
  readonly TargetPort?: number;
  readonly PublishedPort?: number;
  readonly PublishMode?: string;
}

export interface Network {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Scope: string;
  readonly Driver: string;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6?: boolean;
  readonly Internal?: boolean;
  readonly Ingress?: boolean;
  readonly Labels?: Labels | null;
}

/** A secret or a config. */
export interface Blob {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Labels | null;
    readonly Driver?: { readonly Name: string };
    readonly Data?: string;
  };
}
