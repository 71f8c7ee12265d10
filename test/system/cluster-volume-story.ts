import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { CsiDisks } from "../fakes/csi-disks.ts";
import { FakeCsiPlugin } from "../fakes/csi-plugin.ts";
import { until, type ServiceShape, type SystemCluster } from "./cluster.ts";
import type { SwarmProcess } from "./swarm-process.ts";

/** What the swarm calls the plugins. */
const DRIVER = "disks";
const SECRET = "open-sesame";

interface VolumeJson {
  readonly ClusterVolume: {
    readonly Version: { readonly Index: number };
    readonly Spec: Readonly<Record<string, unknown>>;
    readonly Info?: { readonly VolumeID?: string };
    readonly PublishStatus?: readonly { readonly NodeID: string; readonly State: string }[];
  };
}

interface NodeWithCsi {
  readonly Description: {
    readonly Hostname: string;
    readonly CSIInfo?: readonly {
      readonly PluginName: string;
      readonly NodeID: string;
      readonly MaxVolumesPerNode?: number;
      readonly AccessibleTopology?: { readonly Segments?: Readonly<Record<string, string>> };
    }[];
  };
}

/** Two nodes with a CSI plugin each, and one cluster volume that services of theirs mount. */
export class ClusterVolumeStory {
  readonly #cluster: SystemCluster;
  readonly #plugins = new Map<string, FakeCsiPlugin>();
  #disks: CsiDisks | undefined;
  #secrets = 0;

  constructor(cluster: SystemCluster) {
    this.#cluster = cluster;
  }

  get disks(): CsiDisks {
    assert.ok(this.#disks);
    return this.#disks;
  }

  /** A manager `m1` and a worker `w1`, each with its plugin. */
  async open(flags: readonly string[]): Promise<void> {
    const cluster = this.#cluster;
    this.#disks = new CsiDisks(path.join(cluster.root, "disks"));
    const add = async (name: string): Promise<SwarmProcess> => {
      const socket = path.join(cluster.root, `${name}-csi.sock`);
      const plugin = await FakeCsiPlugin.open(socket, this.disks.backend(name));
      plugin.segments = { zone: "a" };
      this.#plugins.set(name, plugin);
      return cluster.add(name, [...flags, "--csi-plugin", `${DRIVER}=${plugin.endpoint}`]);
    };
    await cluster.init(await add("m1"));
    await cluster.join(await add("w1"), "Worker");
    await cluster.allReady(1);
  }

  close(): void {
    for (const plugin of this.#plugins.values()) plugin.crash();
  }

  /** The nodes say what their plugins say of them. */
  async described(): Promise<void> {
    await until("the nodes name their plugins", async () => {
      const nodes = await (await this.#cluster.manager()).get<NodeWithCsi[]>("/nodes");
      for (const { Description } of nodes)
        assert.deepEqual(Description.CSIInfo, [
          {
            PluginName: DRIVER,
            NodeID: `csi-${Description.Hostname}`,
            AccessibleTopology: { Segments: { zone: "a" } },
          },
        ]);
      return true;
    });
  }

  /** A volume that the plugin has made, with a secret. */
  async make(): Promise<string> {
    const manager = await this.#cluster.manager();
    const Data = Buffer.from(SECRET).toString("base64");
    const Name = `key${++this.#secrets}`;
    const { ID } = await manager.post<{ ID: string }>("/secrets/create", { Name, Data });
    await manager.post("/v1.47/volumes/create", {
      Name: "data",
      Driver: DRIVER,
      ClusterVolumeSpec: {
        AccessMode: { Scope: "single", Sharing: "all", MountVolume: {} },
        Secrets: [{ Key: "token", Secret: ID }],
        Availability: "active",
      },
    });
    return until("the volume is made", async () => {
      const { ClusterVolume } = await this.volume();
      return ClusterVolume.Info?.VolumeID;
    });
  }

  async volume(): Promise<VolumeJson> {
    return (await this.#cluster.manager()).get<VolumeJson>("/volumes/data");
  }

  /** Runs the service on a node; its task adds a line to the volume and says what is there. */
  async run(name: string, on: string, isNew: boolean, shape: Partial<ServiceShape>): Promise<void> {
    const target = path.join(this.#cluster.root, "mnt");
    fs.mkdirSync(target, { recursive: true });
    const whole: ServiceShape = {
      script: `echo ${on} >> ${target}/lines; cat ${target}/lines; exec sleep 3600`,
      ...shape,
      container: {
        ...shape.container,
        Mounts: [{ Type: "cluster", Source: "data", Target: target }],
      },
      template: { ...shape.template, Placement: { Constraints: [`node.hostname==${on}`] } },
    };
    if (isNew) await this.#cluster.create(name, whole);
    else await this.#cluster.update(name, whole);
    const { ID } = await this.#cluster.object(this.#cluster.node(on));
    await until(`the task is on ${on}`, async () => {
      const [task] = await this.#cluster.running(name, 1);
      assert.equal(task?.NodeID, ID);
      return true;
    });
    const { ClusterVolume } = await this.volume();
    const places = ClusterVolume.PublishStatus?.map((one) => `${one.NodeID} ${one.State}`);
    assert.deepEqual(places, [`${ID} published`]);
  }

  /** What the service's tasks have said, once it contains `text`. */
  async said(name: string, text: string): Promise<void> {
    await until(`${name} says ${text}`, async () => {
      const { out } = await (await this.#cluster.manager()).swarm("service", "logs", name);
      assert.ok(out.includes(text), out);
      return true;
    });
  }

  /** No node has the volume; or all that do are in `states`. */
  async published(...states: readonly string[]): Promise<void> {
    await until(`the volume is ${states.join(" ") || "free"}`, async () => {
      const { PublishStatus = [] } = (await this.volume()).ClusterVolume;
      assert.deepEqual(
        PublishStatus.map(({ State }) => State),
        states,
      );
      return true;
    });
  }

  async drain(): Promise<void> {
    const { Version, Spec } = (await this.volume()).ClusterVolume;
    const manager = await this.#cluster.manager();
    const where = `/volumes/data?version=${Version.Index}`;
    await manager.put(where, { Spec: { ...Spec, Availability: "drain" } });
  }

  /** Asks for the volume's end, and sees it gone from the storage too. */
  async delete(): Promise<void> {
    const manager = await this.#cluster.manager();
    await manager.delete("/volumes/data");
    await until("the volume is gone", async () => {
      const { Volumes } = await manager.get<{ Volumes: readonly VolumeJson[] }>("/volumes");
      assert.deepEqual(Volumes, []);
      return true;
    });
    assert.ok(this.disks.storage.isEmpty);
  }

  /** The storage was asked for nothing impossible; secrets went to the plugin and to no log. */
  checkStorage(): void {
    const { storage } = this.disks;
    assert.deepEqual(storage.violations, []);
    for (const verb of ["create", "stage", "publish"])
      assert.deepEqual(storage.secrets[verb], { token: SECRET }, verb);
    for (const node of this.#cluster.nodes) assert.ok(!node.log().includes(SECRET), node.name);
  }

  /** The node's plugin ends, and comes back after `during`. */
  async without(name: string, during: () => Promise<void>): Promise<void> {
    const plugin = this.#plugins.get(name);
    plugin?.crash();
    await during();
    await plugin?.start();
  }
}
