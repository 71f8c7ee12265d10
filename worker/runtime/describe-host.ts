import { availableParallelism, totalmem } from "node:os";
import { make } from "../../proto/codec.ts";
import type { Resources } from "../../proto/generated.ts";

/** Docker's names of the architectures whose names in Node differ. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  arm: "armv7l",
  ia32: "i686",
};

/** This machine's architecture as Docker and `uname -m` name it. */
export function hostArchitecture(): string {
  return ARCHITECTURES[process.arch] ?? process.arch;
}

/** CPUs and memory of this machine. */
export function hostResources(): Resources {
  return make("Resources", {
    nanoCpus: availableParallelism() * 1e9,
    memoryBytes: totalmem(),
  });
}
