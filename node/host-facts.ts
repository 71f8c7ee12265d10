import fs from "node:fs";
import os from "node:os";
import type { HostAddress, HostFacts } from "../engine/swarm-node.ts";

/** Go's names of what Node calls differently. */
const GO_OS: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" };

function operatingSystem(): string {
  try {
    const release = fs.readFileSync("/etc/os-release", "utf8");
    const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1];
    if (name) return name;
  } catch {
    // Not every system has the file; its kernel's name will do.
  }
  return `${os.type()} ${os.release()}`;
}

/** Facts of this machine; the rest is told by the caller. */
export function hostFacts(
  told: Pick<HostFacts, "hostname" | "version" | "labels" | "runtimes" | "stateDir">,
): HostFacts {
  return {
    ...told,
    operatingSystem: operatingSystem(),
    kernelVersion: os.release(),
    architecture: os.machine(),
    os: GO_OS[process.platform] ?? process.platform,
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
  };
}

/** Addresses of the machine's interfaces now; link-local ones are left out. */
export function hostAddresses(): readonly HostAddress[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? [])
      .filter(({ address }) => !address.startsWith("fe80:") && !address.startsWith("169.254."))
      .map(({ address, internal }) => ({ name, address, internal })),
  );
}
