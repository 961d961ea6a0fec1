// Bytes as base64 with padding, in whatever runs us: newer engines have it built in, all others have `btoa` and `atob`,
// which speak of bytes as characters.

/** Built in since V8 14, and not yet in the types of the language that we compile to. */
type Modern = { readonly toBase64?: () => string }
type ModernConstructor = { readonly fromBase64?: (text: string) => Uint8Array }

/** As many characters as a call takes arguments everywhere. */
const PIECE_BYTES = 8_192

export function base64(bytes: Uint8Array): string {
  const built = (bytes as Modern).toBase64
  return built === undefined ? base64ByCharacters(bytes) : built.call(bytes)
}

/** Of text that is base64: throws for any other. */
export function bytesOfBase64(text: string): Uint8Array {
  const built = (Uint8Array as ModernConstructor).fromBase64
  return built === undefined ? bytesByCharacters(text) : built.call(Uint8Array, text)
}

export function base64ByCharacters(bytes: Uint8Array): string {
  let characters = ''
  for (let first = 0; first < bytes.length; first += PIECE_BYTES)
    characters += String.fromCharCode(...bytes.subarray(first, first + PIECE_BYTES))
  return btoa(characters)
}

export function bytesByCharacters(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
