import { abortable, linked } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Volume } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import {
  isUndone,
  type ControllerDriver,
  type ControllerDrivers,
  type VolumeSecrets,
} from "./controller-driver.ts";
import type { DriverCall, Outcome } from "./plan-volume.ts";

/** Longest a driver may take for one call. */
const CALL_TIMEOUT_MS = 15_000;

export interface DriverCallsModules {
  readonly clock: Clock;
  readonly log: Logger;
  readonly drivers: ControllerDrivers;
}

function secretsOf(volume: Volume, view: StoreView): VolumeSecrets {
  const entries = volume.spec?.secrets.map(({ key, secret }) => {
    const data = view.secret.get(secret)?.spec?.data ?? new Uint8Array();
    return [key, Buffer.from(data).toString("utf8")] as const;
  });
  return Object.fromEntries(entries ?? []);
}

/** Makes one call; whatever goes wrong becomes its outcome. Rejects only when `signal` aborts. */
export async function callDriver(
  {
    volume,
    call,
    view,
  }: { readonly volume: Volume; readonly call: DriverCall; readonly view: StoreView },
  { clock, log, drivers }: DriverCallsModules,
  signal: AbortSignal,
): Promise<Outcome> {
  using link = linked(signal);
  const late = new SwarmError("deadline", `no answer within ${CALL_TIMEOUT_MS / 1_000} s`);
  const cancel = clock.after(CALL_TIMEOUT_MS, () => link.abort(late));
  const name = volume.spec?.driver?.name ?? "";
  try {
    const driver = drivers.get(name);
    if (!driver) throw new SwarmError("not-found", `this manager has no CSI driver ${name}`);
    const asked = { volume, call, secrets: secretsOf(volume, view) };
    // A driver that does not heed the signal is not waited for either.
    return await abortable(ask(driver, asked, link.signal), link.signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = messageOf(link.signal.aborted ? late : error);
    log.warn(
      { volumeId: volume.id, call: call.kind, driver: name, reason: message },
      "csi call failed",
    );
    if (link.signal.aborted) return { kind: "failed", message, isUndone: false, isAway: false };
    const isAway = isSwarmError(error, "unavailable");
    return { kind: "failed", message, isUndone: isUndone(error), isAway };
  } finally {
    cancel();
  }
}

interface Asked {
  readonly volume: Volume;
  readonly call: DriverCall;
  readonly secrets: VolumeSecrets;
}

async function ask(
  driver: ControllerDriver,
  { volume, call, secrets }: Asked,
  signal: AbortSignal,
): Promise<Outcome> {
  const volumeId = volume.volumeInfo?.volumeId ?? "";
  switch (call.kind) {
    case "create":
      return { kind: "created", info: await driver.createVolume(volume, secrets, signal) };
    case "delete":
      await driver.deleteVolume(volumeId, secrets, signal);
      return { kind: "done" };
    case "publish": {
      const node = csiNodeId(volume, call.nodeId);
      const context = await driver.controllerPublishVolume(volume, node, secrets, signal);
      return { kind: "published", context };
    }
    case "unpublish": {
      const node = csiNodeId(volume, call.nodeId);
      await driver.controllerUnpublishVolume(volumeId, node, secrets, signal);
      return { kind: "done" };
    }
  }
}

function csiNodeId(volume: Volume, nodeId: string): string {
  return volume.publishStatus.find((status) => status.nodeId === nodeId)?.csiNodeId ?? "";
}
