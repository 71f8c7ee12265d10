import { invalid } from "./check.ts";

/** Grammar of normalized image references: [host[:port]/]path[:tag][@digest]. */
const HOST = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[a-fA-F0-9:]+\])(?::\d+)?`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const TAG = String.raw`:\w[\w.-]{0,127}`;
const DIGEST = String.raw`@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}`;
const REFERENCE = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?:${TAG})?(?:${DIGEST})?$`);
/** A bare digest names an image by its content id, which no registry serves. */
const IMAGE_ID = /^[a-f0-9]{64}$/;
const REFERENCE_LENGTH_MAX = 1024;

/** Checks that `image` is a reference that a registry could resolve. */
export function checkImage(image: string): void {
  if (image === "") throw invalid("ContainerSpec: image reference must be provided");
  if (image.length > REFERENCE_LENGTH_MAX || IMAGE_ID.test(image) || !REFERENCE.test(image))
    throw invalid(`ContainerSpec: "${image}" is not a valid repository/tag`);
}
