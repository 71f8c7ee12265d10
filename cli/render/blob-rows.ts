import type { Blob } from "../api/types.ts";
import { ago } from "./ago.ts";
import { labelReader, labelText } from "./labels.ts";
import { block, field, pairs, type Line } from "./lines.ts";
import type { Listing, Row } from "./listing.ts";

/** Secrets and configs are listed and told alike. */
export type BlobKind = "secret" | "config";

const HEADERS = {
  ID: "ID",
  Name: "NAME",
  CreatedAt: "CREATED",
  UpdatedAt: "UPDATED",
  Labels: "LABELS",
};

/** `secret ls` and `config ls`. */
export const BLOB_LISTINGS: Readonly<Record<BlobKind, Listing>> = {
  secret: {
    table: "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
    headers: { ...HEADERS, Driver: "DRIVER" },
    quiet: "{{.ID}}",
  },
  config: {
    table: "{{.ID}}\t{{.Name}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
    headers: HEADERS,
    quiet: "{{.ID}}",
  },
};

/** Rows in order of name. `now` is milliseconds since the epoch. */
export function blobRows(kind: BlobKind, blobs: readonly Blob[], now: number): readonly Row[] {
  const byName = new Intl.Collator("en", { numeric: true });
  return blobs
    .toSorted((a, b) => byName.compare(a.Spec.Name, b.Spec.Name))
    .map((blob) => ({
      ID: blob.ID,
      Name: blob.Spec.Name,
      ...(kind === "secret" ? { Driver: blob.Spec.Driver?.Name ?? "" } : {}),
      CreatedAt: ago(blob.CreatedAt, now),
      UpdatedAt: ago(blob.UpdatedAt, now),
      Labels: labelText(blob.Spec.Labels),
      Label: labelReader(blob.Spec.Labels),
    }));
}

/** `secret inspect --pretty` and `config inspect --pretty`; a config's data is shown. */
export function blobText({ ID, CreatedAt, UpdatedAt, Spec }: Blob): string {
  const lines: readonly Line[] = [
    field("ID", ID),
    field("Name", Spec.Name),
    ...block("Labels", pairs(Spec.Labels)),
    field("Driver", Spec.Driver?.Name),
    field("Created at", CreatedAt),
    field("Updated at", UpdatedAt),
    ...(Spec.Data === undefined
      ? []
      : ["Data:", Buffer.from(Spec.Data, "base64").toString().trimEnd()]),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}
