/** An image as people write it: without `docker.io/library/`, and without a digest beside a tag. */
export function familiarImage(image: string): string {
  return image
    .replace(/^(?:docker\.io|index\.docker\.io)\//, "")
    .replace(/^library\//, "")
    .replace(/@sha256:[0-9a-f]{64}$/, "");
}

/** `text` cut to `columns` characters, the last one an ellipsis where something was cut. */
export function ellipsis(text: string, columns: number): string {
  const characters = Array.from(text);
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join("")}…`;
}
