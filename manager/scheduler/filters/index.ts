import { constraintFilter } from "./constraints.ts";
import { deviceFilter } from "./devices.ts";
import type { Filter } from "./filter.ts";
import { hostPortFilter } from "./host-port.ts";
import { maxReplicasFilter } from "./max-replicas.ts";
import { platformFilter } from "./platform.ts";
import { pluginFilter } from "./plugins.ts";
import { readyFilter } from "./ready.ts";
import { resourceFilter } from "./resources.ts";
import { runtimeFilter } from "./runtime.ts";
import { stickyVolumeFilter } from "./sticky-volumes.ts";
import { volumeFilter } from "./volumes.ts";

/** Every filter, in the order in which a refusal is put down to one. */
export const FILTERS: readonly Filter[] = [
  readyFilter,
  resourceFilter,
  pluginFilter,
  runtimeFilter,
  constraintFilter,
  platformFilter,
  deviceFilter,
  hostPortFilter,
  maxReplicasFilter,
  volumeFilter,
  stickyVolumeFilter,
];
