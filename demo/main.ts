import pc from "picocolors";
import { cancelled, onAbort } from "../lib/abort.ts";
import { systemClock } from "../lib/clock.ts";
import { isSwarmError, messageOf } from "../lib/errors.ts";
import { runChecks, timed, type Timings } from "./check.ts";
import { DemoCluster } from "./cluster.ts";
import { importImage, removeImage } from "./image.ts";
import { parseOptions, type DemoOptions } from "./options.ts";
import { swarm } from "./swarm-node.ts";
import { WebService } from "./web.ts";

/** Prints one line of progress with the seconds since the start. */
function narrator(): (text: string) => void {
  const start = systemClock.monotonic();
  return (text) => {
    const seconds = ((systemClock.monotonic() - start) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${pc.dim(`${seconds} s`)}  ${text}\n`);
  };
}

async function show(cluster: DemoCluster, web: WebService): Promise<void> {
  const node = cluster.manager();
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const args of [
    ["node", "ls"],
    ["service", "ps", "web"],
  ]) {
    say(`\n${pc.bold(`$ swarm ${args.join(" ")}`)}\n${await swarm(node, ...args)}`);
  }
  say(`\n${pc.bold("$ curl")} each replica\n${(await web.answers()).join("\n")}`);
}

function invite(cluster: DemoCluster): void {
  const host = `unix://${cluster.manager().socket}`;
  process.stdout.write(`
The swarm stays up until you press Ctrl-C. In another terminal, in this directory:

  export SWARM_HOST=${host}
  npx swarm node ls
  npx swarm service scale web=12
  npx swarm service logs web
  npx swarm service update --env-add RELEASE=2 web
  docker -H ${host} service ls        # the stock docker command works too

Logs and state are under ${cluster.root}; Ctrl-C removes them.
`);
}

async function run(options: DemoOptions, cluster: DemoCluster, timings: Timings): Promise<void> {
  const { say, signal } = cluster.modules;
  const web = new WebService(cluster, options);
  if (options.runtime === "docker") {
    say("importing the demo's image into the Docker Engine");
    await importImage();
  }
  say(`starting ${options.managers} managers and ${options.workers} workers`);
  timings.form_s = await timed(cluster, () => cluster.form());
  say(`service web, ${options.replicas} replicas, under the ${options.runtime} runtime`);
  timings.create_to_running_s = await timed(cluster, async () => {
    await web.create();
    await web.running(options.replicas);
  });
  if (options.check) {
    await runChecks(cluster, web, options, timings);
    return;
  }
  await show(cluster, web);
  invite(cluster);
  await new Promise<void>((resolve) => onAbort(signal, resolve));
}

/** Removes what the demo made: the service first, so that every task is stopped as it should be. */
async function cleanUp(options: DemoOptions, cluster: DemoCluster): Promise<void> {
  cluster.modules.say("removing the service, the nodes and their state");
  cluster.follow(new AbortController().signal);
  const web = new WebService(cluster, options);
  try {
    await web.remove();
    await web.gone();
  } catch {
    // There was no service yet, or no manager to ask any more; the nodes end all the same.
  }
  await cluster.remove();
  if (options.runtime === "docker") await removeImage();
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => abort.abort(cancelled("interrupted")));
  const say = narrator();
  const cluster = new DemoCluster(options, { clock: systemClock, signal: abort.signal, say });
  const timings: Timings = {
    form_s: 0,
    create_to_running_s: 0,
    leader_kill_to_write_s: 0,
    worker_kill_to_rescheduled_s: 0,
    update_s: 0,
    scale_up_s: 0,
    rm_s: 0,
  };
  let ok = false;
  try {
    await run(options, cluster, timings);
    ok = true;
  } catch (error) {
    if (!isSwarmError(error, "cancelled")) {
      process.stderr.write(`${pc.red("failed")}: ${messageOf(error)}\n`);
      for (const node of cluster.nodes)
        process.stderr.write(`\n--- last lines of ${node.name}'s log\n${node.logTail()}\n`);
    }
  }
  await cleanUp(options, cluster);
  if (options.check) process.stdout.write(`${JSON.stringify({ ok, ...timings })}\n`);
  process.exitCode = ok || abort.signal.aborted ? 0 : 1;
}

await main();
