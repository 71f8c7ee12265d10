import { SwarmError } from "../../lib/errors.ts";
import { filtersQuery, segment } from "../api/engine.ts";
import { addInspectFlags, inspectEach, type InspectFlags } from "../api/inspect.ts";
import type { Blob } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { toMap } from "../flags/fields.ts";
import { groupFilters } from "../flags/filter.ts";
import { addListFlags, type ListFlags } from "../flags/list-options.ts";
import { listFlag, textFlag } from "../flags/option.ts";
import { BLOB_LISTINGS, blobRows, blobText, type BlobKind } from "../render/blob-rows.ts";
import { renderListing } from "../render/listing.ts";
import { addRm } from "./rm.ts";

/** `swarm secret …` and `swarm config …`: the same verbs over different objects. */
export function addBlobCommands(root: SwarmCommand, context: Context, kind: BlobKind): void {
  const group = root.group(kind, `Manage Swarm ${kind}s`);
  addCreate(group, context, kind);
  addInspect(group, context, kind);
  addLs(group, context, kind);
  addRm(group, context, {
    noun: kind.toUpperCase(),
    collection: `${kind}s`,
    description: `Remove one or more ${kind}s`,
  });
}

interface CreateFlags {
  readonly driver?: string;
  readonly label?: readonly string[];
  readonly templateDriver?: string;
}

function addCreate(parent: SwarmCommand, context: Context, kind: BlobKind): void {
  const command = parent
    .command("create")
    .description(`Create a ${kind} from a file or STDIN as content`)
    .argument(kind.toUpperCase())
    .argument(kind === "secret" ? "[file|-]" : "file|-")
    .addOption(listFlag("l,label", `Labels of the ${kind}`))
    .addOption(textFlag("template-driver", "Template driver")) as SwarmCommand;
  if (kind === "secret") command.addOption(textFlag("d,driver", "Secret driver"));
  command.action(async (name: string, file: string | undefined, flags: CreateFlags) => {
    const body = await blobBody(name, file, flags, context);
    const engine = await engineOf(command, context);
    const { ID } = await engine.request<{ readonly ID: string }>({
      method: "POST",
      path: `/${kind}s/create`,
      body,
    });
    context.out.write(`${ID}\n`);
  });
}

async function blobBody(
  name: string,
  file: string | undefined,
  flags: CreateFlags,
  context: Context,
): Promise<object> {
  if (flags.driver !== undefined && file !== undefined)
    throw new SwarmError(
      "invalid",
      "a secret with a driver takes no file: the driver gives its value",
    );
  if (flags.driver === undefined && file === undefined)
    throw new SwarmError("invalid", "give the file with the content, or - for standard input");
  return {
    Name: name,
    Labels: toMap(flags.label ?? []),
    ...(file === undefined ? {} : { Data: (await context.readFile(file)).toString("base64") }),
    ...(flags.driver === undefined ? {} : { Driver: { Name: flags.driver } }),
    ...(flags.templateDriver === undefined ? {} : { Templating: { Name: flags.templateDriver } }),
  };
}

function addLs(parent: SwarmCommand, context: Context, kind: BlobKind): void {
  const command = parent.command("ls").alias("list").description(`List ${kind}s`);
  addListFlags(command).action(async (flags: ListFlags) => {
    const engine = await engineOf(command, context);
    const blobs = await engine.request<Blob[]>({
      method: "GET",
      path: `/${kind}s`,
      query: { filters: filtersQuery(groupFilters(flags.filter)) },
    });
    const rows = blobRows(kind, blobs, context.clock.now());
    context.out.write(renderListing(BLOB_LISTINGS[kind], rows, flags));
  });
}

function addInspect(parent: SwarmCommand, context: Context, kind: BlobKind): void {
  const noun = kind.toUpperCase();
  const command = parent
    .command("inspect")
    .description(`Display detailed information on one or more ${kind}s`)
    .argument(noun)
    .argument(`[${noun}...]`);
  addInspectFlags(command, true).action(
    async (first: string, rest: readonly string[], flags: InspectFlags) => {
      const engine = await engineOf(command, context);
      const read = (name: string): Promise<Blob> =>
        engine.request<Blob>({ method: "GET", path: `/${kind}s/${segment(name)}` });
      await inspectEach([first, ...rest], flags, { read, pretty: blobText }, context);
    },
  );
}
