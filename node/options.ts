import { Command, InvalidArgumentError, Option } from "commander";
import { isIP } from "node:net";
import { SwarmError } from "../lib/errors.ts";
import { make } from "../proto/codec.ts";
import type { CsiPluginOptions } from "../proto/csi-plugin.ts";
import type { GenericResource } from "../proto/generated.ts";
import type { DefaultPaths } from "../lib/default-paths.ts";
import type { LogFormat, LogLevel } from "../lib/log.ts";
import { CDI_DIRS, type ImageOptions, type RuntimeChoice } from "../worker/index.ts";
import { parseDuration } from "../lib/units.ts";

/** Names of PEM files. */
export interface TlsFiles {
  /** Who signs the certificates of clients. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** How one swarmd runs. */
export interface SwarmdOptions {
  /** Directory of everything it keeps; one swarmd a directory. */
  readonly stateDir: string;
  /** Where the HTTP API listens: `unix:///path` or `tcp://host:port`; at least one. */
  readonly hosts: readonly string[];
  /** PEM files for the TCP hosts among them; undefined = no TLS. */
  readonly tls: TlsFiles | undefined;
  readonly runtime: RuntimeChoice;
  /** Socket of the local Docker Engine, `unix:///path`. */
  readonly dockerHost: string;
  /** What becomes of the images of containers. */
  readonly images: ImageOptions;
  /** Name of the node as others see it. */
  readonly hostname: string;
  /** Engine labels of the node. */
  readonly labels: Readonly<Record<string, string>>;
  /** Generic resources of the node. */
  readonly genericResources: readonly GenericResource[];
  /** Devices that tasks may ask for: paths below /dev and full names of CDI devices. */
  readonly devices: readonly string[];
  /** Directories with specifications of CDI devices; later ones win. */
  readonly cdiDirs: readonly string[];
  /** CSI plugins of this host, for cluster volumes. */
  readonly csiPlugins: readonly CsiPluginOptions[];
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** `host:port` for Prometheus; undefined = off. */
  readonly metricsAddr: string | undefined;
}

/** Shortest time that an unused image is kept. */
const UNUSED_LEAST_MS = 600_000;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];

function host(value: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^unix:\/\/\/.|^tcp:\/\/[^/]+:\d+$/.test(value))
    throw new InvalidArgumentError("use unix:///path/to.sock or tcp://host:port.");
  return [...(before ?? []), value];
}

function label(value: string, before: Readonly<Record<string, string>>) {
  const at = value.indexOf("=");
  const key = at < 0 ? value : value.slice(0, at);
  if (key === "") throw new InvalidArgumentError("use key=value.");
  return { ...before, [key]: at < 0 ? "" : value.slice(at + 1) };
}

/** As the engine reads its `node-generic-resources`: a number is a count, anything else a name. */
function genericResource(value: string, before: readonly GenericResource[]) {
  const at = value.indexOf("=");
  const [kind, text] = [value.slice(0, at), value.slice(at + 1)];
  if (at < 1 || text === "") throw new InvalidArgumentError("use kind=name or kind=count.");
  const isCount = /^\d+$/.test(text);
  const names = before.filter((one) => one.resource === "named" && one.named.kind === kind);
  const counts = before.filter((one) => one.resource === "discrete" && one.discrete.kind === kind);
  if (counts.length > 0 || (isCount && names.length > 0))
    throw new InvalidArgumentError("a kind has either names or one count.");
  const resource = isCount
    ? make("GenericResource", { resource: "discrete", discrete: { kind, value: Number(text) } })
    : make("GenericResource", { resource: "named", named: { kind, value: text } });
  return [...before, resource];
}

function device(value: string, before: readonly string[]): readonly string[] {
  if (/^\/dev\/[^:]+$|^[^/]+\/[^=]+=.+$/.test(value)) return [...before, value];
  throw new InvalidArgumentError("use /dev/NAME or vendor.com/class=name.");
}

/** `NAME=unix:///path`; a name may have a tag, as Docker's plugins do. */
function csiPlugin(value: string, before: readonly CsiPluginOptions[]) {
  const [, name, endpoint] = /^([\w][\w./:-]*)=(unix:\/\/\/.+)$/.exec(value) ?? [];
  if (!name || !endpoint) throw new InvalidArgumentError("use NAME=unix:///path/to/csi.sock.");
  if (before.some((plugin) => plugin.name === name))
    throw new InvalidArgumentError(`there is a plugin ${name} already.`);
  return [...before, { name, endpoint }];
}

function address(value: string): string {
  const match = /^(.*):(\d{1,5})$/.exec(value);
  const name = match?.[1]?.replace(/^\[|\]$/g, "");
  if (!match || Number(match[2]) > 65_535 || (name && name !== "localhost" && isIP(name) === 0))
    throw new InvalidArgumentError("use IP:PORT, for example 127.0.0.1:9323.");
  return value;
}

/** What commander makes of the flags on TLS. */
interface TlsFlags {
  readonly tlsverify?: boolean;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
}

/** All three files or none: clients are always verified, as whoever gets in commands the swarm. */
function tlsFiles({ tlsverify, tlscacert: ca, tlscert: cert, tlskey: key }: TlsFlags) {
  if (ca && cert && key) return { ca, cert, key };
  if (!tlsverify && !ca && !cert && !key) return undefined;
  const missing = Object.entries({ "--tlscacert": ca, "--tlscert": cert, "--tlskey": key })
    .filter(([, file]) => !file)
    .map(([flag]) => flag);
  throw new SwarmError("invalid", `TLS needs ${missing.join(" and ")} as well`);
}

/** Milliseconds; not so short that an image could go before its first container is made. */
function unusedTime(value: string): number {
  const ms = parseDuration(value) / 1e6;
  if (ms < UNUSED_LEAST_MS) throw new InvalidArgumentError("use a duration from 10m on.");
  return ms;
}

function percent(value: string): number {
  if (/^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 100) return Number(value);
  throw new InvalidArgumentError("use a number from 1 to 100.");
}

/** What commander makes of the flags on images. */
interface ImageFlags {
  readonly imageGc: boolean;
  readonly imageGcUnused: number;
  readonly imageGcDisk: number;
  readonly preferLocalImages?: boolean;
}

function imageOptions(flags: ImageFlags): ImageOptions {
  const { imageGc, imageGcUnused: unusedMs, imageGcDisk: diskPercent } = flags;
  const preferLocal = flags.preferLocalImages ?? false;
  return { preferLocal, collect: imageGc ? { unusedMs, diskPercent } : null };
}

const IMAGE_GC_UNUSED = new Option(
  "--image-gc-unused <duration>",
  "how long an unused image that tasks have pulled stays, ten minutes at least",
)
  .argParser(unusedTime)
  .default(7 * 24 * 3_600_000, "168h");
const IMAGE_GC_DISK = new Option(
  "--image-gc-disk <percent>",
  "above this use of the disk they go sooner",
)
  .argParser(percent)
  .default(85);
const GENERIC_RESOURCE = new Option(
  "--generic-resource <kind=value>",
  "a name, or a count, that tasks can reserve (repeatable)",
)
  .argParser(genericResource)
  .default([], "none");
const CDI_SPEC_DIR = new Option(
  "--cdi-spec-dir <dir>",
  "where CDI devices are described, as JSON (repeatable)",
)
  .argParser((dir: string, before: readonly string[] | undefined) => [...(before ?? []), dir])
  .default(undefined, CDI_DIRS.join(" and "));
const CSI_PLUGIN = new Option(
  "--csi-plugin <name=url>",
  "a CSI plugin for cluster volumes, at unix:///path/to/csi.sock (repeatable)",
)
  .argParser(csiPlugin)
  .default([], "none");
const DEVICE = new Option(
  "--device <device>",
  "a path below /dev, or a CDI device, that tasks may have (repeatable)",
)
  .argParser(device)
  .default([], "none");

/** The command line of swarmd. `run` gets the checked options. */
export function swarmdCommand(
  defaults: DefaultPaths & { readonly hostname: string; readonly version: string },
  run: (options: SwarmdOptions) => Promise<void>,
): Command {
  return new Command("swarmd")
    .description("Runs a node of a Skep swarm: the HTTP API, and what the node's role asks for.")
    .version(defaults.version, "-v, --version")
    .option("--state-dir <dir>", "directory for everything kept", defaults.stateDir)
    .addOption(
      new Option("-H, --host <url>", "where the HTTP API listens (repeatable)")
        .argParser(host)
        .default(undefined, `unix://${defaults.socket}`),
    )
    .addOption(
      new Option("--runtime <name>", "what runs the tasks")
        .choices(["auto", "docker", "process"])
        .default("auto"),
    )
    .option("--docker-host <url>", "socket of the Docker Engine", "unix:///var/run/docker.sock")
    .option("--prefer-local-images", "a tag that is here is not asked for at its registry")
    .option("--no-image-gc", "images that were pulled for tasks stay for ever")
    .addOption(IMAGE_GC_UNUSED)
    .addOption(IMAGE_GC_DISK)
    .option("--hostname <name>", "name of the node", defaults.hostname)
    .addOption(
      new Option("--label <key=value>", "engine label of the node (repeatable)")
        .argParser(label)
        .default({}, "none"),
    )
    .addOption(GENERIC_RESOURCE)
    .addOption(DEVICE)
    .addOption(CDI_SPEC_DIR)
    .addOption(CSI_PLUGIN)
    .addOption(new Option("--log-level <level>").choices(LOG_LEVELS).default("info"))
    .addOption(new Option("--log-format <format>").choices(["text", "json"]).default("text"))
    .addOption(
      new Option("--metrics-addr <ip:port>", "serve Prometheus metrics").argParser(address),
    )
    .option("--tlsverify", "TCP hosts speak TLS and verify clients; implied by the files")
    .option("--tlscacert <file>", "CA that has signed the certificates of clients")
    .option("--tlscert <file>", "certificate of the HTTP API")
    .option("--tlskey <file>", "key of that certificate")
    .enablePositionalOptions()
    .showHelpAfterError("(swarmd --help lists the options)")
    .allowExcessArguments(false)
    .action(async (raw) => {
      const { label: labels, host: hosts, device: devices, cdiSpecDir, ...named } = raw;
      const { genericResource: genericResources, csiPlugin: csiPlugins, ...others } = named;
      const { imageGc, imageGcUnused, imageGcDisk, preferLocalImages, ...more } = others;
      const { tlsverify, tlscacert, tlscert, tlskey, ...rest } = more;
      const tls = tlsFiles({ tlsverify, tlscacert, tlscert, tlskey });
      const images = imageOptions({ imageGc, imageGcUnused, imageGcDisk, preferLocalImages });
      const cdiDirs = cdiSpecDir ?? CDI_DIRS;
      const told = { labels, devices, cdiDirs, genericResources, csiPlugins, images };
      await run({ ...rest, ...told, tls, hosts: hosts ?? [`unix://${defaults.socket}`] });
    });
}
