import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { Reader, Writer } from "protobufjs/minimal.js";
import type { TlsMaterial } from "../../proto/node-tls.ts";
import { end, start } from "../child.ts";
import { freePorts } from "../ports.ts";
import type { BenchModules } from "../suite.ts";
import { until } from "../waiting.ts";
import { CERTIFIED_NAME, selfSigned } from "./certificate.ts";
import type { Site } from "../site.ts";
import type { Cluster } from "./cluster.ts";
import { numbered } from "./numbers-machine.ts";
import { PutClient } from "./put-client.ts";
import { ENTRY_BYTES } from "./skep-cluster.ts";

const STATUS_PATH = "/etcdserverpb.Maintenance/Status";
const STATUS_MS = 500;

const METHOD = { path: "/etcdserverpb.KV/Put", request: putRequest };

/** Keys are written over, so that the database does not grow with the run. */
const KEYS = 1024;

/** PutRequest { bytes key = 1; bytes value = 2 } */
function putRequest(number: number): Buffer {
  const key = Buffer.from(`bench-${number % KEYS}`);
  const value = numbered(number, ENTRY_BYTES);
  return Buffer.from(Writer.create().uint32(10).bytes(key).uint32(18).bytes(value).finish());
}

/** What a member says of itself. */
interface Status {
  readonly self: number;
  /** 0 = none. */
  readonly leader: number;
  readonly applied: number;
}

/** StatusResponse { ResponseHeader header = 1 { member_id = 2 }; leader = 4; raftAppliedIndex = 7 } */
function decodeStatus(bytes: Buffer): Status {
  const top = fields(bytes);
  const header = fields(top.get(1) as Uint8Array);
  const number = (field: Field | undefined): number => (typeof field === "number" ? field : 0);
  return { self: number(header.get(2)), leader: number(top.get(4)), applied: number(top.get(7)) };
}

type Field = number | Uint8Array;

/** A varint, rounded to a double: member ids have 64 bits, and differ in the upper ones too. */
function varint(reader: Reader): number {
  let value = 0;
  for (let weight = 1; ; weight *= 128) {
    const byte = reader.buf[reader.pos++] ?? 0;
    value += (byte & 127) * weight;
    if (byte < 128) return value;
  }
}

/** Varints and byte strings of a message by field number. */
function fields(bytes: Uint8Array): ReadonlyMap<number, Field> {
  const reader = Reader.create(bytes);
  const found = new Map<number, Field>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === 0) found.set(tag >>> 3, varint(reader));
    else if ((tag & 7) === 2) found.set(tag >>> 3, reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}

interface Member {
  readonly args: readonly string[];
  readonly namespace: string | null;
  readonly client: PutClient;
  process: ChildProcess | undefined;
}

/** etcd with its defaults (heartbeat 100 ms, election 1 s, synced writes) and TLS like ours. */
export class EtcdCluster implements Cluster {
  readonly name = "etcd";
  readonly #members: readonly Member[];
  readonly #signal: AbortSignal;

  private constructor(members: readonly Member[], signal: AbortSignal) {
    this.#members = members;
    this.#signal = signal;
  }

  /** Starts one member for each host of the site. */
  static async start(site: Site, { directory, signal }: BenchModules): Promise<EtcdCluster> {
    const { hosts, namespaces } = site;
    const tls = await selfSigned([...new Set(["127.0.0.1", ...hosts])]);
    const home = join(directory, "etcd");
    await mkdir(home, { recursive: true });
    await writeFile(join(home, "cert.pem"), tls.certificate);
    await writeFile(join(home, "key.pem"), tls.key, { mode: 0o600 });
    const ports = await freePorts(hosts.length * 2);
    const peers = hosts.map((host, i) => `https://${host}:${ports[2 * i]}`);
    const members = hosts.map((host, i): Member => {
      const addr = `${host}:${ports[2 * i + 1]}`;
      const args = memberArgs({ index: i, peers, clientUrl: `https://${addr}`, home });
      return {
        args,
        namespace: namespaces[i] ?? null,
        client: connect(addr, tls),
        process: undefined,
      };
    });
    const cluster = new EtcdCluster(members, signal);
    for (const member of members.keys()) await cluster.restart(member);
    await cluster.whole();
    return cluster;
  }

  get clients(): readonly PutClient[] {
    return this.#members.map(({ client }) => client);
  }

  pids(): readonly number[] {
    return this.#members.flatMap(({ process }) => (process?.pid ? [process.pid] : []));
  }

  leader(): Promise<number> {
    return until(
      "an etcd member leads",
      async () => {
        const all = await this.#status();
        const leader = all.findIndex((status) => status && status.self === status.leader);
        const id = all[leader]?.self;
        const followed = all.every((status) => status === undefined || status.leader === id);
        return leader >= 0 && followed ? leader : undefined;
      },
      this.#signal,
    );
  }

  async end(member: number, signal: NodeJS.Signals): Promise<void> {
    const { process } = this.#members[member] as Member;
    (this.#members[member] as Member).process = undefined;
    if (process) await end(process, signal);
  }

  restart(index: number): Promise<void> {
    const member = this.#members[index] as Member;
    const { args, namespace } = member;
    member.process = start({ command: "etcd", args, namespace, quiet: true });
    return Promise.resolve();
  }

  async whole(): Promise<void> {
    await until(
      "all etcd members have the whole log",
      async () => {
        const all = await this.#status();
        const [first] = all;
        return first &&
          all.every((status) => status?.applied === first.applied && status.leader !== 0)
          ? true
          : undefined;
      },
      this.#signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client } of this.#members) client.close();
    await Promise.all(this.#members.map((_, i) => this.end(i, "SIGKILL")));
  }

  /** By member; undefined for one that does not run or does not answer. */
  #status(): Promise<readonly (Status | undefined)[]> {
    return Promise.all(
      this.#members.map(async ({ client, process }) => {
        if (!process) return undefined;
        const call = client.call(STATUS_PATH, Buffer.alloc(0), STATUS_MS);
        return call.then(decodeStatus, () => undefined);
      }),
    );
  }
}

function connect(addr: string, tls: TlsMaterial): PutClient {
  return new PutClient(addr, METHOD, tls, CERTIFIED_NAME);
}

interface MemberPlace {
  readonly index: number;
  readonly peers: readonly string[];
  readonly clientUrl: string;
  readonly home: string;
}

function memberArgs({ index, peers, clientUrl, home }: MemberPlace): readonly string[] {
  const peer = peers[index] as string;
  const settings = {
    name: `e${index}`,
    "data-dir": join(home, `e${index}`),
    "listen-client-urls": clientUrl,
    "advertise-client-urls": clientUrl,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": peers.map((url, i) => `e${i}=${url}`).join(","),
    "initial-cluster-state": "new",
    "log-level": "panic",
    logger: "zap",
    "log-outputs": "/dev/null",
  };
  const certificate = join(home, "cert.pem");
  const key = join(home, "key.pem");
  const tls = ["", "peer-"].flatMap((side) => [
    `--${side}cert-file=${certificate}`,
    `--${side}key-file=${key}`,
    `--${side}trusted-ca-file=${certificate}`,
    `--${side}client-cert-auth`,
  ]);
  return [...Object.entries(settings).map(([name, value]) => `--${name}=${value}`), ...tls];
}
