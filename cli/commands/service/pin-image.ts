import { isSwarmError } from "../../../lib/errors.ts";
import { segment, type Engine } from "../../api/engine.ts";
import type { ServiceSpec } from "../../api/service-types.ts";
import type { Context } from "../../context.ts";
import { PROCESS_IMAGE } from "../../spec/create.ts";

interface Distribution {
  readonly Descriptor?: { readonly digest?: string; readonly Digest?: string };
  readonly Platforms?: readonly {
    readonly architecture?: string;
    readonly os?: string;
    readonly Architecture?: string;
    readonly OS?: string;
  }[];
}

/**
 * The spec with its image pinned to the digest that the registry names now, and its placement to
 * the platforms the image is made for. When the registry can't be asked, the tag stays and the
 * user is told what that means.
 */
export async function pinImage(
  engine: Engine,
  spec: ServiceSpec,
  isWanted: boolean,
  context: Context,
): Promise<ServiceSpec> {
  const { ContainerSpec: container, Placement: placement } = spec.TaskTemplate;
  const image = container?.Image ?? "";
  if (!isWanted || image === PROCESS_IMAGE || image.includes("@")) return spec;
  const found = await readDistribution(engine, image);
  const digest = found?.Descriptor?.digest ?? found?.Descriptor?.Digest;
  if (found === undefined || digest === undefined) {
    context.err.write(
      `The registry could not be asked for the digest of ${image}: each node will look it up by ` +
        "itself, and nodes may run different versions of it.\n",
    );
    return spec;
  }
  const Platforms = (found.Platforms ?? []).map((platform) => ({
    Architecture: platform.architecture ?? platform.Architecture ?? "",
    OS: platform.os ?? platform.OS ?? "",
  }));
  return {
    ...spec,
    TaskTemplate: {
      ...spec.TaskTemplate,
      ContainerSpec: { ...container, Image: `${image}@${digest}` },
      Placement: Platforms.length > 0 ? { ...placement, Platforms } : { ...placement },
    },
  };
}

async function readDistribution(engine: Engine, image: string): Promise<Distribution | undefined> {
  try {
    return await engine.request<Distribution>({
      method: "GET",
      path: `/distribution/${image.split("/").map(segment).join("/")}/json`,
    });
  } catch (error) {
    // Docker's client goes on after any answer of the engine; only silence stops the command.
    if (isSwarmError(error) && error.details["errno"] === undefined) return undefined;
    throw error;
  }
}
