import { SwarmError } from "../../../lib/errors.ts";

/** Parameters that belong to a namespace which every task has of its own. */
const OF_IPC =
  /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/;
const OF_UTS = /^kernel\.domainname$/;
const OF_NETWORK = /^net\..+$/;

/**
 * Files below /proc/sys with what is to be written there. Throws `invalid` for a parameter that
 * would change the whole machine.
 */
export function sysctlFiles(
  sysctls: Readonly<Record<string, string>>,
  ownNetwork: boolean,
): readonly { readonly path: string; readonly value: string }[] {
  return Object.entries(sysctls).map(([name, value]) => {
    const inside = OF_IPC.test(name) || OF_UTS.test(name);
    if (!/^[\w.-]+$/.test(name) || name.includes("..") || !(inside || OF_NETWORK.test(name)))
      throw new SwarmError(
        "invalid",
        `sysctl "${name}" is not in a separate kernel namespace: it would change the whole node`,
      );
    if (OF_NETWORK.test(name) && !ownNetwork)
      throw new SwarmError(
        "invalid",
        `sysctl "${name}" needs a network namespace of the task's own: attach it to a network`,
      );
    return { path: `/proc/sys/${name.replaceAll(".", "/")}`, value };
  });
}
