/** Seals what goes to the disk. Implementations choose the key; the envelope names it. */
export interface Cipher {
  /** Encrypts `plain`, bound to `context`: it opens only beside the same bytes. */
  seal(plain: Uint8Array, context: Uint8Array): Uint8Array;
  /** The plain bytes; undefined when no key opens it or anything was changed. */
  open(sealed: Uint8Array, context: Uint8Array): Uint8Array | undefined;
}
