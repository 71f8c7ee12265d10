/** How far a volume is on this node. After a restart, or a call that failed, nobody knows. */
export type VolumePlace = "unknown" | "unstaged" | "staged" | "published";

/** What is next for a volume: a call of its driver, word to the managers that it is down, or nothing. */
export type VolumeStep = "stage" | "publish" | "unpublish" | "unstage" | "report" | "none";

/**
 * The next step of a volume that the managers want here, or not any more. From an unknown place the
 * whole way is gone again: drivers do nothing where nothing is to be done. Pure.
 */
export function nextVolumeStep(place: VolumePlace, isWanted: boolean): VolumeStep {
  switch (place) {
    case "unknown":
      return isWanted ? "stage" : "unpublish";
    case "unstaged":
      return isWanted ? "stage" : "report";
    case "staged":
      return isWanted ? "publish" : "unstage";
    case "published":
      return isWanted ? "none" : "unpublish";
  }
}

/** Where a driver's call leads. */
export function volumePlaceAfter(step: Exclude<VolumeStep, "report" | "none">): VolumePlace {
  switch (step) {
    case "stage":
    case "unpublish":
      return "staged";
    case "publish":
      return "published";
    case "unstage":
      return "unstaged";
  }
}
