const encoder = new TextEncoder();

/** HMAC-SHA256, by WebCrypto: on Node and on the edge. */
export async function hmac(secret: string, text: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}

/**
 * The key of one encrypted channel (Pusher, "End-to-end encryption"): base64 of SHA-256 of the name and the master key.
 * @param masterKey base64 of 32 bytes
 */
export async function sharedSecret(channel: string, masterKey: string): Promise<string> {
  const name = encoder.encode(channel);
  const key = Uint8Array.from(atob(masterKey), (character) => character.charCodeAt(0));
  const bytes = new Uint8Array(name.length + key.length);
  bytes.set(name);
  bytes.set(key, name.length);
  return base64(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
