import type { Affinity } from "../../proto/generated.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Group, OpenPicker, Picker } from "./strategies/strategy.ts";

/** Nodes that suit a group's wishes equally well. */
interface Layer {
  readonly score: number;
  readonly nodes: Set<NodeInfo>;
  /** Made when the layer is first picked from, and anew when a node comes in. */
  picker: Picker | undefined;
}

/** How many wishes a node grants, less those it goes against, for services that have some. */
export function scorer(affinities: readonly Affinity[]): (info: NodeInfo) => number {
  const wishes = affinities.map(({ serviceLabel, apart }) => {
    const at = serviceLabel.indexOf("=");
    const key = at < 0 ? serviceLabel : serviceLabel.slice(0, at);
    return { key, value: at < 0 ? undefined : serviceLabel.slice(at + 1), weight: apart ? -1 : 1 };
  });
  return (info) => {
    let score = 0;
    for (const { key, value, weight } of wishes) {
      for (const { labels } of info.services) {
        const label = labels[key];
        if (label === undefined || (value !== undefined && label !== value)) continue;
        score += weight;
        break;
      }
    }
    return score;
  };
}

/**
 * Soft wishes to be near services with a label, or apart from them: `open` picks among the
 * nodes that grant most of them, then among those that grant fewer. A task placed may itself be
 * what others want to be near to.
 */
export function withAffinities(affinities: readonly Affinity[], open: OpenPicker): OpenPicker {
  if (affinities.length === 0) return open;
  const scoreOf = scorer(affinities);
  return (nodes, group) => layered(nodes, group, open, scoreOf);
}

function layered(
  nodes: readonly NodeInfo[],
  group: Group,
  open: OpenPicker,
  scoreOf: (info: NodeInfo) => number,
): Picker {
  /** The best first. */
  const layers: Layer[] = [];
  const add = (info: NodeInfo): void => {
    const score = scoreOf(info);
    let layer = layers.find((each) => each.score === score);
    if (!layer) {
      layer = { score, nodes: new Set(), picker: undefined };
      layers.push(layer);
      layers.sort((a, b) => b.score - a.score);
    }
    layer.nodes.add(info);
    layer.picker = undefined;
  };
  for (const info of nodes) add(info);
  let last: { readonly layer: Layer; readonly info: NodeInfo } | undefined;
  return {
    next: () => {
      for (const layer of layers) {
        layer.picker ??= open([...layer.nodes], group);
        const info = layer.picker.next();
        if (!info) continue;
        last = { layer, info };
        return info;
      }
      return undefined;
    },
    placed: (fits) => {
      if (!last) return;
      const { layer, info } = last;
      const stays = fits && scoreOf(info) === layer.score;
      layer.picker?.placed(stays);
      if (stays) return;
      layer.nodes.delete(info);
      if (fits) add(info);
    },
  };
}
