import { run } from "./child.ts";
import type { Site } from "./site.ts";

/** How many networks one process makes before it is out of names. */
let made = 0;

/** Hosts made of network namespaces around a bridge, whose links can be cut. Needs root. */
export class BenchNetwork implements AsyncDisposable {
  readonly site: Site;
  readonly #bridge: string;
  readonly #names: readonly string[];

  private constructor(bridge: string, names: readonly string[], hosts: readonly string[]) {
    this.#bridge = bridge;
    this.#names = names;
    this.site = { hosts, namespaces: names };
  }

  /** Whether this process may make one. */
  static isPossible(): boolean {
    return process.platform === "linux" && process.getuid?.() === 0;
  }

  /** Makes `size` hosts. */
  static async create(size: number): Promise<BenchNetwork> {
    // Several benchmarks may run on one machine; interface names have 15 characters.
    const tag = `sb${process.pid.toString(36)}${made++}`;
    const subnet = `10.${100 + (process.pid % 100)}.${(process.pid >> 7) % 256}`;
    const names = Array.from({ length: size }, (_, i) => `${tag}n${i}`);
    const network = new BenchNetwork(
      `${tag}br`,
      names,
      names.map((_, i) => `${subnet}.${i + 2}`),
    );
    try {
      await ip("link", "add", `${tag}br`, "type", "bridge");
      await ip("addr", "add", `${subnet}.1/24`, "dev", `${tag}br`);
      await ip("link", "set", `${tag}br`, "up");
      for (const [i, name] of names.entries()) await network.#addHost(name, `${subnet}.${i + 2}`);
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Takes a host's link away: what is sent is lost, and nobody is told. */
  async cut(host: number): Promise<void> {
    await ip("link", "set", this.#link(host), "nomaster");
  }

  async heal(host: number): Promise<void> {
    await ip("link", "set", this.#link(host), "master", this.#bridge);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) await ip("netns", "del", name).catch(() => {});
    await ip("link", "del", this.#bridge).catch(() => {});
  }

  #link(host: number): string {
    return `${this.#names[host]}v`;
  }

  async #addHost(name: string, address: string): Promise<void> {
    const inside = ["-n", name];
    await ip("netns", "add", name);
    await ip("link", "add", `${name}v`, "type", "veth", "peer", "name", "eth0", "netns", name);
    await ip("link", "set", `${name}v`, "master", this.#bridge, "up");
    await ip(...inside, "addr", "add", `${address}/24`, "dev", "eth0");
    await ip(...inside, "link", "set", "eth0", "up");
    await ip(...inside, "link", "set", "lo", "up");
  }
}

function ip(...args: readonly string[]): Promise<void> {
  return run("ip", args);
}
