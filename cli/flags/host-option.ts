import { Option } from "commander";

/** `-H`: where the engine listens. Kept apart from `service create --host`, which maps names. */
export class HostOption extends Option {
  constructor(flags = "-H, --host <url>") {
    super(flags, "Engine to talk to: unix://PATH or tcp://HOST:PORT (env SWARM_HOST)");
  }

  override attributeName(): string {
    return "swarmHost";
  }
}
