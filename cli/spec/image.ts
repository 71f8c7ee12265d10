/** `image` with the tag `latest` when it names neither tag nor digest. */
export function withDefaultTag(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.includes(":") || image.includes("@") ? image : `${image}:latest`;
}
