import { join } from "node:path";
import { end } from "../child.ts";
import type { Site } from "../site.ts";
import type { BenchModules } from "../suite.ts";
import { skepDaemons } from "../writes/skep-daemon.ts";
import { Swarm, type Daemon, type StartDaemon } from "../writes/swarm.ts";
import { killEngine, startEngine, type BenchImage, type Engine } from "./engine.ts";

/** A node with its engine. */
export interface Host {
  readonly daemon: Daemon;
  readonly engine: Engine;
  readonly namespace: string;
}

/** Starts one host's daemon beside its engine. */
type StartOnEngine = (index: number, engine: Engine) => Promise<Daemon>;

/** One of the two systems: a swarm, and the engine of each of its nodes. */
export class Side implements AsyncDisposable {
  readonly image: BenchImage;
  readonly #hosts: Host[] = [];
  /** Cleaning up goes on when the run was interrupted. */
  readonly #cleaning = new AbortController().signal;
  #swarm: Swarm | undefined;

  private constructor(image: BenchImage) {
    this.image = image;
  }

  /** Docker's swarm mode, or Skep with an engine of the same build beside each swarmd. */
  static async form(
    system: "docker" | "skep",
    { site, image }: { readonly site: Site; readonly image: BenchImage },
    { directory, signal }: BenchModules,
  ): Promise<Side> {
    const side = new Side(image);
    const own = join(directory, system);
    const startOn = system === "docker" ? dockerHost(site) : skepHost(own, site);
    const startHost: StartDaemon = async (index) => {
      const namespace = site.namespaces[index] ?? "";
      const engine = await startEngine(join(own, `engine${index}`), namespace, signal);
      await image.give(engine);
      const daemon = await startOn(index, engine);
      side.#hosts.push({ daemon, engine, namespace });
      return daemon;
    };
    side.#swarm = await Swarm.form(startHost, 1, signal);
    return side;
  }

  get swarm(): Swarm {
    if (!this.#swarm) throw new Error("the swarm is not formed yet");
    return this.#swarm;
  }

  /** The engine of the first manager. */
  get engine(): Engine {
    const [first] = this.#hosts;
    if (!first) throw new Error("the swarm has no host");
    return first.engine;
  }

  /** CPU seconds of the swarm's daemons and of everything on their engines so far. */
  cpu(): number {
    const engines = this.#hosts.map(({ engine }) => engine.cpu());
    return engines.reduce((sum, used) => sum + used, this.swarm.cpu());
  }

  hostOf(daemon: Daemon): Host {
    const found = this.#hosts.find((host) => host.daemon === daemon);
    if (!found) throw new Error("no such host");
    return found;
  }

  /** Takes the power away: nothing of the host is left, and nobody is told. */
  async kill({ daemon, engine, namespace }: Host): Promise<void> {
    daemon.process.kill("SIGKILL");
    await Promise.all([
      killEngine(engine, namespace, this.#cleaning),
      end(daemon.process, "SIGKILL"),
    ]);
    this.swarm.forget(daemon);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#swarm?.[Symbol.asyncDispose]();
    for (const { engine, namespace } of this.#hosts)
      await killEngine(engine, namespace, this.#cleaning);
  }
}

const DOCKER_PORT = 2377;

function dockerHost(site: Site): StartOnEngine {
  return (index, engine) => {
    const { process, socketPath } = engine;
    const addr = `${site.hosts[index]}:${DOCKER_PORT}`;
    return Promise.resolve({ process, socketPath, addr, endWith: "SIGKILL" });
  };
}

function skepHost(directory: string, site: Site): StartOnEngine {
  return (index, { socketPath }) =>
    skepDaemons(directory, site, ["--runtime=docker", `--docker-host=unix://${socketPath}`])(index);
}
