import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { encodeConfChange } from "../core/conf-change-codec.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";
import type { Defer } from "./driver/local-port.ts";
import type { DriverPort } from "./driver/port.ts";
import { RaftDriver } from "./driver/raft-driver.ts";
import type { SnapshotSettings } from "./driver/snapshotting.ts";
import { LevelLogStore } from "./log/level-log-store.ts";
import type { LogStore } from "./log/log-store.ts";
import { damaged } from "./log/storage-error.ts";
import { loadIdentity, saveIdentity, type MemberIdentity } from "./member-file.ts";
import { DataCipher } from "./keys/data-cipher.ts";
import { openKeyring, retireKeys } from "./keys/keyring.ts";
import { encodeMember, type MemberRecord } from "./membership.ts";
import { FileSnapshotStore } from "./snapshots/file-snapshot-store.ts";
import { GrpcTransport } from "./transport/grpc-transport.ts";

/** What the thread that runs a member needs to know; plain data. */
export interface MemberOptions {
  readonly stateDir: string;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly listenAddr: string;
  readonly advertiseAddr: string;
  readonly controlAddr: string;
  readonly tls: TlsMaterial;
  /** Opens the keys of a locked directory, 32 bytes. */
  readonly kek: Uint8Array | null;
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly snapshots: SnapshotSettings;
}

export interface MemberModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly defer: Defer;
  /** Bytes left for the state directory; replaced by tests. @default what the system says */
  readonly freeBytes?: () => Promise<number>;
}

interface BoundParts {
  readonly transport: GrpcTransport;
  readonly identity: MemberIdentity | undefined;
  readonly cipher: DataCipher;
}

/** A member whose port is open, so that its address is known, and that takes no part yet. */
export class BoundMember {
  readonly addr: string;
  /** Who this member was in an earlier life. */
  readonly identity: MemberIdentity | undefined;
  readonly #options: MemberOptions;
  readonly #modules: MemberModules;
  readonly #transport: GrpcTransport;
  readonly #cipher: DataCipher;

  private constructor(
    options: MemberOptions,
    modules: MemberModules,
    { transport, identity, cipher }: BoundParts,
  ) {
    this.#options = options;
    this.#modules = modules;
    this.#transport = transport;
    this.#cipher = cipher;
    this.identity = identity;
    this.addr = transport.addr;
  }

  /**
   * Opens the peer port and looks at the state directory.
   * @throws SwarmError `unavailable` for a taken port, `failed-precondition` for a directory of
   *   another node or cluster or a locked one, `unauthenticated` for the wrong key
   */
  static async bind(options: MemberOptions, modules: MemberModules): Promise<BoundMember> {
    const { stateDir, kek } = options;
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const identity = loadIdentity(stateDir);
    if (identity) checkIdentity(identity, options);
    const { keys } = openKeyring(stateDir, kek, modules.random);
    const cipher = new DataCipher(keys, modules.random);
    const transport = await GrpcTransport.open(options, modules);
    return new BoundMember(options, modules, { transport, identity, cipher });
  }

  /** Gives the port back without having taken part. */
  release(): Promise<void> {
    return this.#transport.close();
  }

  /**
   * Takes part as `identity`, which is made durable first. Without peers it begins a group of its
   * own, unless the directory already has a log.
   */
  async begin(identity: MemberIdentity, port: DriverPort): Promise<RaftDriver> {
    const { stateDir, controlAddr, nodeId } = this.#options;
    const cipher = this.#cipher;
    const store = await LevelLogStore.open({ directory: stateDir, cipher });
    try {
      if (!this.identity && store.hardState.term > 0)
        throw damaged(stateDir, "the file that says which member it belongs to is missing");
      if (!this.identity) saveIdentity(stateDir, identity);
      const { id, peers } = identity;
      const self = { id, nodeId, addr: this.addr, controlAddr };
      if (peers.length === 0 && isEmpty(store)) await store.write(firstWrite(self));
      const lastIndex = (): number => store.lastIndex;
      this.#transport.identify({ id, boot: store.boot, controlAddr, lastIndex });
      const snapshots = await FileSnapshotStore.open(snapshotDirectory(stateDir), cipher);
      await this.#retireKeys(store, snapshots);
      const transport = this.#transport;
      const { freeBytes = () => freeBytesIn(stateDir) } = this.#modules;
      const modules = { ...this.#modules, store, snapshots, port, transport, cipher, freeBytes };
      const driver = new RaftDriver({ ...this.#options, self, peers }, modules);
      await driver.start();
      return driver;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Keys of before a rotation are erased at the first start that finds nothing under them. */
  #retireKeys({ snapshot }: LogStore, snapshots: FileSnapshotStore): Promise<void> {
    const { stateDir, kek } = this.#options;
    const modules = { cipher: this.#cipher, random: this.#modules.random };
    return retireKeys(stateDir, kek, modules, async function* () {
      if (snapshot.index > 0) yield* snapshots.read(snapshot, 0);
    });
  }
}

async function freeBytesIn(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Where a member keeps its snapshots. */
export function snapshotDirectory(stateDir: string): string {
  return join(stateDir, "snapshots");
}

function checkIdentity({ clusterId, nodeId }: MemberIdentity, options: MemberOptions): void {
  if (clusterId === options.clusterId && nodeId === options.nodeId) return;
  throw new SwarmError(
    "failed-precondition",
    `the Raft state in ${options.stateDir} belongs to node ${nodeId} of cluster ${clusterId}, ` +
      `not to node ${options.nodeId} of ${options.clusterId}: use another state directory`,
  );
}

function isEmpty(store: LogStore): boolean {
  return store.lastIndex === 0 && store.snapshot.index === 0 && store.hardState.term === 0;
}

/** The log of a new group: its first member, already committed. */
function firstWrite(self: MemberRecord): Parameters<LogStore["write"]>[0] {
  const data = encodeConfChange({
    transition: "auto",
    steps: [{ type: "add-voter", id: self.id }],
    context: encodeMember(self),
  });
  return {
    entries: [{ index: 1, term: 1, type: "conf-change", data }],
    hardState: { term: 1, vote: 0, commit: 1 },
    snapshot: null,
  };
}
