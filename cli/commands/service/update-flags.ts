import type { SwarmCommand } from "../../command.ts";
import { boolFlag, listFlag, repeatedFlag, textFlag, valueFlag } from "../../flags/option.ts";
import { parseMount } from "../../flags/mount.ts";
import { parsePublish } from "../../flags/port.ts";
import {
  parseCapability,
  parseFileReference,
  parseGenericResource,
  parseHostMapping,
  parseNetwork,
  parsePlacementPreference,
  parseUlimit,
} from "../../flags/references.ts";
import { splitWords } from "../../flags/words.ts";

/** Adds the flags that only `service update` has. */
export function addUpdateFlags(command: SwarmCommand): SwarmCommand {
  addPlainEdits(command);
  addParsedEdits(command);
  return command
    .addOption(valueFlag("args", "command", "Service command args", splitWords))
    .addOption(boolFlag("force", "Force update even if no changes require it"))
    .addOption(textFlag("image", "Service image tag"))
    .addOption(boolFlag("rollback", "Rollback to previous specification")) as SwarmCommand;
}

/** Lists of words: name, what it holds. */
const PLAIN_EDITS = [
  ["constraint", "a placement constraint"],
  ["container-label", "a container label"],
  ["dns", "a custom DNS server"],
  ["dns-option", "a DNS option"],
  ["dns-search", "a custom DNS search domain"],
  ["env", "an environment variable"],
  ["group", "a supplementary user group of the container"],
  ["label", "a label"],
  ["sysctl", "a Sysctl option"],
] as const;

function addPlainEdits(command: SwarmCommand): void {
  for (const [name, what] of PLAIN_EDITS) {
    command.addOption(listFlag(`${name}-add`, `Add or update ${what}`));
    command.addOption(listFlag(`${name}-rm`, `Remove ${what}`));
  }
}

function addParsedEdits(command: SwarmCommand): void {
  command
    .addOption(repeatedFlag("cap-add", "list", "Add Linux capabilities", parseCapability))
    .addOption(repeatedFlag("cap-drop", "list", "Drop Linux capabilities", parseCapability))
    .addOption(repeatedFlag("config-add", "config", "Add a config file", parseFileReference))
    .addOption(listFlag("config-rm", "Remove a configuration file"))
    .addOption(
      repeatedFlag(
        "generic-resource-add",
        "list",
        "Add or update a Generic resource",
        parseGenericResource,
      ),
    )
    .addOption(listFlag("generic-resource-rm", "Remove a Generic resource"))
    .addOption(
      repeatedFlag("host-add", "list", "Add a custom host-to-IP mapping", parseHostMapping),
    )
    .addOption(listFlag("host-rm", 'Remove a custom host-to-IP mapping ("host:ip")'))
    .addOption(repeatedFlag("mount-add", "mount", "Add or update a mount", parseMount))
    .addOption(listFlag("mount-rm", "Remove a mount by its target path"))
    .addOption(repeatedFlag("network-add", "network", "Add a network", parseNetwork))
    .addOption(listFlag("network-rm", "Remove a network"))
    .addOption(
      repeatedFlag(
        "placement-pref-add",
        "pref",
        "Add a placement preference",
        parsePlacementPreference,
      ),
    )
    .addOption(
      repeatedFlag(
        "placement-pref-rm",
        "pref",
        "Remove a placement preference",
        parsePlacementPreference,
      ),
    )
    .addOption(repeatedFlag("publish-add", "port", "Add or update a published port", parsePublish))
    .addOption(
      repeatedFlag(
        "publish-rm",
        "port",
        "Remove a published port by its target port",
        parsePublish,
      ),
    )
    .addOption(repeatedFlag("secret-add", "secret", "Add a secret", parseFileReference))
    .addOption(listFlag("secret-rm", "Remove a secret"))
    .addOption(repeatedFlag("ulimit-add", "ulimit", "Add or update a ulimit option", parseUlimit))
    .addOption(listFlag("ulimit-rm", "Remove a ulimit option"));
}
