import type { ConfigReference, ContainerSpec, SecretReference } from "../api/service-types.ts";
import { PROCESS_IMAGE } from "./create.ts";
import { editByKey, editCapabilities, editMap, editPairs, editWords } from "./edit.ts";
import { withDefaultTag } from "./image.ts";
import { present } from "./present.ts";
import type { UpdateFlags } from "./service-flags.ts";

/** Secrets and configs to add, with their ids. */
export interface UpdateReferences {
  readonly secretsAdd: readonly SecretReference[];
  readonly configsAdd: readonly ConfigReference[];
}

/** The container of `service update`: what the `-add`, `-rm` and replacing flags change. */
export function updateContainer(
  container: ContainerSpec,
  flags: UpdateFlags,
  references: UpdateReferences,
): ContainerSpec {
  const changed: ContainerSpec = {
    ...container,
    ...(flags.image === undefined ? {} : { Image: imageOf(flags.image) }),
    ...(flags.args === undefined ? {} : { Args: flags.args }),
    Labels: editMap(container.Labels, flags.containerLabelAdd, flags.containerLabelRm),
    Env: editPairs(container.Env, flags.envAdd, flags.envRm),
    Groups: editWords(container.Groups, flags.groupAdd, flags.groupRm),
    Mounts: editByKey(
      container.Mounts,
      (mount) => mount.Target ?? "",
      flags.mountAdd,
      (mount) => flags.mountRm?.includes(mount.Target ?? "") ?? false,
    ),
    Hosts: updateHosts(container.Hosts, flags),
    DNSConfig: {
      ...present({
        Nameservers: editWords(container.DNSConfig?.Nameservers, flags.dnsAdd, flags.dnsRm),
        Search: editWords(container.DNSConfig?.Search, flags.dnsSearchAdd, flags.dnsSearchRm),
        Options: editWords(container.DNSConfig?.Options, flags.dnsOptionAdd, flags.dnsOptionRm),
      }),
    },
    Secrets: [
      ...(container.Secrets ?? []).filter(
        ({ SecretName }) => !flags.secretRm?.includes(SecretName),
      ),
      ...references.secretsAdd,
    ],
    Configs: [
      ...(container.Configs ?? []).filter(
        ({ ConfigName }) => !flags.configRm?.includes(ConfigName),
      ),
      ...references.configsAdd,
    ],
    Sysctls: editMap(container.Sysctls, flags.sysctlAdd, flags.sysctlRm),
    Ulimits: editByKey(
      container.Ulimits,
      (ulimit) => ulimit.Name,
      flags.ulimitAdd,
      (ulimit) => flags.ulimitRm?.includes(ulimit.Name) ?? false,
    ),
    ...updateCapabilities(container, flags),
  };
  return present(changed);
}

function imageOf(image: string): string {
  return image === PROCESS_IMAGE ? image : withDefaultTag(image);
}

/** `--host-rm` takes `name:address` or the name alone; lines are `address name`. */
function updateHosts(hosts: readonly string[] | undefined, flags: UpdateFlags): readonly string[] {
  const isRemoved = (line: string): boolean => {
    const [address = "", ...names] = line.split(" ");
    return (flags.hostRm ?? []).some((text) => {
      const at = text.indexOf(":");
      if (at < 0) return names.includes(text);
      return names.includes(text.slice(0, at)) && address === text.slice(at + 1);
    });
  };
  return editByKey(hosts, (line) => line, flags.hostAdd, isRemoved);
}

function updateCapabilities(
  { CapabilityAdd = [], CapabilityDrop = [] }: ContainerSpec,
  { capAdd = [], capDrop = [] }: UpdateFlags,
): Pick<ContainerSpec, "CapabilityAdd" | "CapabilityDrop"> {
  if (capAdd.length === 0 && capDrop.length === 0) return { CapabilityAdd, CapabilityDrop };
  const after = editCapabilities({ add: CapabilityAdd, drop: CapabilityDrop }, capAdd, capDrop);
  return { CapabilityAdd: after.add, CapabilityDrop: after.drop };
}
