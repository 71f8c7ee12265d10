import { isSwarmError, type ErrorCode } from "../../lib/errors.ts";
import type { Volume, VolumeInfo } from "../../proto/generated.ts";

/** Contents of a volume's secrets by the keys that its driver knows them by. */
export type VolumeSecrets = Readonly<Record<string, string>>;

/** A driver's answer to ControllerPublishVolume, for the node to work with. */
export type PublishContext = Readonly<Record<string, string>>;

/** What a driver may fail with after it has done something, or while it does. */
const OPEN_CODES: readonly ErrorCode[] = [
  "aborted",
  "cancelled",
  "deadline",
  "exhausted",
  "unavailable",
];

/**
 * Whether a call that failed has certainly done nothing: by its code, or because it was never sent
 * (`details.sent` is "no").
 */
export function isUndone(error: unknown): boolean {
  if (!isSwarmError(error)) return false;
  return error.details["sent"] === "no" || !OPEN_CODES.includes(error.code);
}

/**
 * The controller's half of a CSI driver, in the words of the specification (CSI 1.x, Controller
 * Service). Each call is idempotent: it may be made again after its answer was lost, by this
 * manager or the next leader. Every failure is tried again.
 */
export interface ControllerDriver {
  /**
   * CreateVolume. The volume's own id is its name towards the driver: that of its spec may be given
   * again to another volume.
   */
  createVolume(volume: Volume, secrets: VolumeSecrets, signal: AbortSignal): Promise<VolumeInfo>;
  /** DeleteVolume; fine if there is none. */
  deleteVolume(volumeId: string, secrets: VolumeSecrets, signal: AbortSignal): Promise<void>;
  /** ControllerPublishVolume: lets the node reach the volume. `nodeId` is the driver's name of it. */
  controllerPublishVolume(
    volume: Volume,
    nodeId: string,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<PublishContext>;
  /** ControllerUnpublishVolume; fine if it was not published. */
  controllerUnpublishVolume(
    volumeId: string,
    nodeId: string,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<void>;
}

/** The drivers that a manager can call, by name. */
export type ControllerDrivers = ReadonlyMap<string, ControllerDriver>;
