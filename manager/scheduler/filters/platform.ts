import { nodes, type Filter } from "./filter.ts";

/** Names of one architecture are the same one. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

const architecture = (name: string): string => ARCHITECTURES[name] ?? name;

/** The image runs on the node's operating system and architecture. */
export const platformFilter: Filter = {
  name: "platform",
  about: "node",
  prepare(task) {
    const platforms = task.spec?.placement?.platforms ?? [];
    if (platforms.length === 0) return undefined;
    return ({ node }) => {
      const own = node.description?.platform;
      if (!own) return true;
      return platforms.some(
        (wanted) =>
          (wanted.os === "" || wanted.os === own.os) &&
          (wanted.architecture === "" ||
            architecture(wanted.architecture) === architecture(own.architecture)),
      );
    };
  },
  explain: (count) => `unsupported platform on ${nodes(count)}`,
};
