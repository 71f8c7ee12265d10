import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import Docker from "dockerode";
import { eventually } from "../fakes/eventually.ts";
import { PocketCluster } from "./pocket-cluster.ts";

interface Seen {
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Name: string; readonly TaskTemplate: { readonly ForceUpdate: number } };
  readonly PreviousSpec?: object;
  readonly UpdateStatus?: { readonly State: string; readonly Message: string };
}

/** An option of the API that the types do not know yet. */
const COUNTED = { status: true } as Docker.ServiceListOptions;

const UPDATE = { Parallelism: 0, Monitor: 1_000_000 };

function spec(image: string, replicas: number): Docker.CreateServiceOptions {
  return {
    Name: "web",
    TaskTemplate: { ContainerSpec: { Image: image } },
    Mode: { Replicated: { Replicas: replicas } },
    UpdateConfig: UPDATE,
    RollbackConfig: UPDATE,
  } as Docker.CreateServiceOptions;
}

describe("dockerode against a whole cluster", () => {
  let directory: string;
  let cluster: PocketCluster;
  let docker: Docker;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-cluster-"));
    const socketPath = join(directory, "s.sock");
    cluster = await PocketCluster.open(socketPath);
    docker = new Docker({ socketPath });
    await docker.swarmInit({ ListenAddr: "127.0.0.1:2377" });
  });
  afterEach(async () => {
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  });

  const inspect = async (): Promise<Seen> => (await docker.getService("web").inspect()) as Seen;

  /** Tasks that run, wanted or not, by image. */
  async function running(): Promise<Record<string, number>> {
    const filters = { service: ["web"], "desired-state": ["running"] };
    const tasks = (await docker.listTasks({ filters })) as {
      Status: { State: string };
      Spec: { ContainerSpec: { Image: string } };
    }[];
    const counts: Record<string, number> = {};
    for (const { Status, Spec } of tasks) {
      const { Image } = Spec.ContainerSpec;
      if (Status.State === "running") counts[Image] = (counts[Image] ?? 0) + 1;
    }
    return counts;
  }

  async function runs(image: string, count: number): Promise<void> {
    await eventually(`${count} tasks of ${image} run`, async () =>
      isDeepStrictEqual(await running(), { [image]: count }),
    );
  }

  async function state(wanted: string): Promise<void> {
    await eventually(`the update is ${wanted}`, async () => {
      return (await inspect()).UpdateStatus?.State === wanted;
    });
  }

  it("takes a service from creation through update and rollback to removal", async () => {
    await docker.createService(spec("nginx:1", 3));
    await runs("nginx:1", 3);
    const first = await inspect();
    assert.equal(first.PreviousSpec, undefined);
    await docker.getService("web").update({ version: first.Version.Index, ...spec("nginx:2", 3) });
    await runs("nginx:2", 3);
    await state("completed");
    const stale = docker
      .getService("web")
      .update({ version: first.Version.Index, ...spec("x", 1) });
    await assert.rejects(stale, { statusCode: 500, message: /update out of sequence/ });
    const second = await inspect();
    assert.ok(second.PreviousSpec);
    const back = { version: second.Version.Index, rollback: "previous", ...spec("nginx:2", 3) };
    await docker.getService("web").update(back);
    await runs("nginx:1", 3);
    await state("rollback_completed");
    const [counted] = (await docker.listServices(COUNTED)) as { ServiceStatus?: object }[];
    assert.deepEqual(counted?.ServiceStatus, {
      RunningTasks: 3,
      DesiredTasks: 3,
      CompletedTasks: 0,
    });
    await docker.getService("web").remove();
    await eventually("its tasks are gone", async () => (await docker.listTasks()).length === 0);
  });

  it("refuses to remove what a service uses, in Docker's words", async () => {
    const Data = Buffer.from("x").toString("base64");
    const secret = await docker.createSecret({ Name: "sec", Labels: {}, Data });
    const network = await docker.createNetwork({ Name: "ov", Driver: "overlay" });
    const ContainerSpec = {
      Image: "nginx",
      Secrets: [
        {
          SecretID: secret.id,
          SecretName: "sec",
          File: { Name: "sec", UID: "0", GID: "0", Mode: 292 },
        },
      ],
    };
    const TaskTemplate = { ContainerSpec, Networks: [{ Target: "ov" }] };
    await docker.createService({ Name: "web", TaskTemplate } as Docker.CreateServiceOptions);
    await assert.rejects(docker.getSecret("sec").remove(), {
      statusCode: 400,
      message: /secret 'sec' is in use by the following service: web/,
    });
    await assert.rejects(docker.getNetwork("ov").remove(), {
      statusCode: 400,
      message: /network \w+ is in use by service/,
    });
    const { Spec } = (await docker.getService("web").inspect()) as {
      Spec: { TaskTemplate: { Networks: object } };
    };
    assert.deepEqual(Spec.TaskTemplate.Networks, [{ Target: network.id }]);
  });

  it("validates in Docker's words", async () => {
    const container = { ContainerSpec: { Image: "nginx" } };
    const refusals: readonly (readonly [object, number, RegExp])[] = [
      [{ Name: "-x" }, 400, /InvalidArgument desc = name must be valid as a DNS name component/],
      [{ TaskTemplate: { ContainerSpec: {} } }, 400, /image reference must be provided/],
      [
        { TaskTemplate: { ...container, Placement: { Constraints: ["node.role=x"] } } },
        400,
        /constraint expected one operator from ==, !=/,
      ],
      [
        { TaskTemplate: { ...container, Networks: [{ Target: "nope" }] } },
        404,
        /network nope not found/,
      ],
      [
        {
          EndpointSpec: {
            Mode: "dnsrr",
            Ports: [{ TargetPort: 80, PublishedPort: 80, PublishMode: "ingress" }],
          },
        },
        400,
        /InvalidArgument/,
      ],
    ];
    for (const [fields, statusCode, message] of refusals) {
      const options = { Name: "x", TaskTemplate: container, ...fields };
      const create = docker.createService(options as Docker.CreateServiceOptions);
      await assert.rejects(create, { statusCode, message });
    }
  });
});
