import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { importImage, makeBusyboxTar } from "../docker/busybox-image.ts";
import { missingForEngines } from "../docker/engine.ts";
import { SystemCluster, until, type SystemTask } from "../system/cluster.ts";
import type { SwarmProcess } from "../system/swarm-process.ts";
import { amiss, type TaskContainer } from "./amiss.ts";
import { LabHost } from "./host.ts";
import { Lan } from "./lan.ts";
import { skipWhere } from "../skip-where.ts";

/** Setting up and tearing down, milliseconds. */
const HOOK_LIMIT_MS = 120_000;
const DISK_MEGABYTES = 256;
/** Longest a change may take to settle: a busy machine starts a container in seconds. */
const SETTLE_MS = 90_000;
/** Longest that tasks are given to run before all of it is looked at anew. */
const GLANCE_MS = 1_000;

/** A machine with everything on it. */
export interface Machine {
  readonly index: number;
  readonly host: LabHost;
  readonly swarmd: SwarmProcess;
}

/**
 * Several hosts on one machine: each a network namespace with an engine, a swarmd and a disk of
 * its own, in one swarm. Links can be cut, hosts frozen and killed.
 */
export class Lab {
  readonly cluster = new SystemCluster();
  readonly machines: Machine[] = [];
  #lan: Lan | undefined;
  #tar = "";

  /** Hosts m1…, w1… in one swarm, all Ready. */
  async open(managers: number, workers: number): Promise<void> {
    this.#lan = await Lan.open();
    this.#tar = await makeBusyboxTar(this.cluster.root);
    const names = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
    for (const name of [...names("m", managers), ...names("w", workers)]) await this.#install(name);
    await Promise.all(this.machines.map((machine) => this.#start(machine)));
    const [first, ...others] = this.machines;
    assert.ok(first);
    await this.cluster.init(first.swarmd);
    for (const { swarmd } of others)
      await this.cluster.join(swarmd, swarmd.name.startsWith("m") ? "Manager" : "Worker");
    await this.cluster.allReady(managers);
  }

  machine(name: string): Machine {
    const found = this.machines.find(({ swarmd }) => swarmd.name === name);
    assert.ok(found, `no host is called ${name}`);
    return found;
  }

  /** Takes the host's link away without a word. */
  async cut(name: string): Promise<void> {
    await this.#lan?.cut(this.machine(name).index);
  }

  async heal(name: string): Promise<void> {
    await this.#lan?.heal(this.machine(name).index);
  }

  /** Stops everything on the host where it is. */
  freeze(name: string): void {
    const { host, swarmd } = this.machine(name);
    host.signalAll("SIGSTOP");
    swarmd.freeze();
  }

  thaw(name: string): void {
    const { host, swarmd } = this.machine(name);
    host.signalAll("SIGCONT");
    swarmd.thaw();
  }

  /** Takes the host's power away; its disk stays. */
  async kill(name: string): Promise<void> {
    const { host, swarmd } = this.machine(name);
    await Promise.all([host.kill(), swarmd.stop("SIGKILL")]);
  }

  /** Switches a killed host on again. */
  async boot(name: string): Promise<void> {
    const { host, swarmd } = this.machine(name);
    await host.boot();
    swarmd.start();
    await this.cluster.answering(swarmd);
  }

  /** Containers of a service on the hosts that are up: those that run, or all that are left. */
  async containers(service: string, all = false): Promise<readonly TaskContainer[]> {
    const filters = { label: [`com.docker.swarm.service.name=${service}`] };
    const found: TaskContainer[] = [];
    for (const { host, swarmd } of this.machines) {
      if (!swarmd.running) continue;
      const list = await host.docker.listContainers({ all: true, filters });
      const running = all ? null : new Set(await host.running(list.map(({ Id }) => Id)));
      for (const { Id: id, Labels: labels } of list)
        if (running?.has(id) ?? true)
          found.push({ id, host: swarmd.name, taskId: labels["com.docker.swarm.task.id"] ?? "" });
    }
    return found;
  }

  /** Resolves when so many tasks run, each in a container of its own, and no other container does. */
  settled(service: string, replicas: number): Promise<readonly SystemTask[]> {
    return until(
      `${replicas} containers of ${service} run, one for each task`,
      async () => {
        const tasks = await this.cluster.running(service, replicas, GLANCE_MS);
        assert.deepEqual(amiss(tasks, await this.containers(service)), []);
        return tasks;
      },
      SETTLE_MS,
    );
  }

  /** Resolves when no host has a container of the service any more. */
  async cleared(service: string): Promise<void> {
    await until(
      `no container of ${service} is left`,
      async () => {
        assert.deepEqual(await this.containers(service, true), []);
        return true;
      },
      SETTLE_MS,
    );
  }

  /** The last that each node and each host has logged. */
  logs(): string {
    const hosts = this.machines.map(
      ({ host, swarmd }) => `--- ${swarmd.name}'s engine\n${host.logTail()}\n`,
    );
    return [...hosts, this.cluster.logs()].join("\n");
  }

  /** Ends everything and leaves no process, mount, namespace or directory behind. */
  async close(): Promise<void> {
    for (const { host, swarmd } of this.machines) {
      await swarmd.stop("SIGKILL");
      await host.kill();
      host.scrap();
    }
    await this.#lan?.close();
    await this.cluster.remove();
  }

  async #install(name: string): Promise<void> {
    const index = this.machines.length;
    const lan = this.#lan;
    assert.ok(lan);
    const namespace = await lan.plug();
    const dir = path.join(this.cluster.root, `${name}-host`);
    fs.mkdirSync(dir, { mode: 0o700 });
    const host = new LabHost({ dir, namespace, diskMegabytes: DISK_MEGABYTES });
    host.install();
    const swarmd = this.cluster.place(
      name,
      ["--runtime", "docker", "--docker-host", `unix://${host.socket}`],
      {
        address: lan.address(index),
        prefix: ["nsenter", `--net=/run/netns/${namespace}`],
        stateDir: path.join(host.disk, "swarm"),
      },
    );
    this.machines.push({ index, host, swarmd });
  }

  async #start({ host, swarmd }: Machine): Promise<void> {
    await host.boot();
    await importImage(host.docker, this.#tar);
    swarmd.start();
    await this.cluster.answering(swarmd);
  }
}

/** Gives a suite a lab of its own; prints the nodes' logs after a test that failed. */
export function useLab(managers: number, workers: number): Lab {
  const lab = new Lab();

  before(async function () {
    this.timeout(HOOK_LIMIT_MS);
    skipWhere(this, missingForEngines());
    await lab.open(managers, workers);
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(lab.logs());
  });

  after(async function () {
    this.timeout(HOOK_LIMIT_MS);
    await lab.close();
  });

  return lab;
}
