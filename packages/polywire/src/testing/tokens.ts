import { createHmac, type KeyObject, sign } from "node:crypto";

/** What JWTs are signed with; a string is an HMAC secret. */
export type SigningKey = string | KeyObject;

export const JWT_SECRET = "a-secret-of-at-least-thirty-two-bytes";

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A JWT made by hand, so that it may also be a bad one. */
export function token(
  payload: unknown,
  key: SigningKey = JWT_SECRET,
  header: object = { alg: "HS256", typ: "JWT" },
): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${signature(signed, key, header)}`;
}

function signature(signed: string, key: SigningKey, header: object): string {
  const { alg } = header as { alg?: string };
  if (typeof key === "string") {
    const digest = alg === "HS384" ? "sha384" : alg === "HS512" ? "sha512" : "sha256";
    return createHmac(digest, key).update(signed).digest("base64url");
  }
  const digest = key.asymmetricKeyType === "ed25519" ? null : alg === "RS512" ? "sha512" : "sha256";
  return sign(digest, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

/** An unsigned token (RFC 7519, 6), with whatever its header says. */
export const unsigned = (payload: object, alg = "none"): string => `${encode({ alg, typ: "JWT" })}.${encode(payload)}.`;
