import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The network of the lab; nothing of it is seen outside of its own namespaces. */
const SUBNET = "10.77.0";
/** The address of host 0; the switch itself has .1. */
const FIRST_HOST = 11;

/** Hosts' networks around a switch, all of them network namespaces of their own. Needs root. */
export class Lan {
  readonly #tag: string;
  readonly #hosts: string[] = [];

  private constructor(tag: string) {
    this.#tag = tag;
  }

  /** Makes the switch. */
  static async open(): Promise<Lan> {
    // Interface names have fifteen characters.
    const lan = new Lan(`sl${randomBytes(3).toString("hex")}`);
    const { switch: name } = lan;
    await ip("netns", "add", name);
    await ip("-n", name, "link", "add", "lan", "type", "bridge", "forward_delay", "0");
    await ip("-n", name, "addr", "add", `${SUBNET}.1/24`, "dev", "lan");
    for (const device of ["lo", "lan"]) await ip("-n", name, "link", "set", device, "up");
    return lan;
  }

  get switch(): string {
    return `${this.#tag}sw`;
  }

  /** Address of a host. */
  address(host: number): string {
    return `${SUBNET}.${FIRST_HOST + host}`;
  }

  /** Plugs a new host in; returns the name of its network namespace. */
  async plug(): Promise<string> {
    const host = this.#hosts.length;
    const name = `${this.#tag}h${host}`;
    const port = portOf(host);
    this.#hosts.push(name);
    await ip("netns", "add", name);
    const peer = ["peer", "name", "eth0", "netns", name];
    await ip("-n", this.switch, "link", "add", port, "type", "veth", ...peer);
    await ip("-n", this.switch, "link", "set", port, "master", "lan", "up");
    await ip("-n", name, "addr", "add", `${this.address(host)}/24`, "dev", "eth0");
    for (const device of ["lo", "eth0"]) await ip("-n", name, "link", "set", device, "up");
    await ip("-n", name, "route", "add", "default", "via", `${SUBNET}.1`);
    return name;
  }

  /** Takes a host's link away: what is sent is lost, and nobody is told. */
  cut(host: number): Promise<void> {
    return ip("-n", this.switch, "link", "set", portOf(host), "nomaster");
  }

  heal(host: number): Promise<void> {
    return ip("-n", this.switch, "link", "set", portOf(host), "master", "lan");
  }

  async close(): Promise<void> {
    for (const name of [...this.#hosts, this.switch]) await ip("netns", "del", name);
  }
}

function portOf(host: number): string {
  return `port${host}`;
}

async function ip(...args: readonly string[]): Promise<void> {
  await run("ip", args);
}
