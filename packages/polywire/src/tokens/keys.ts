import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { createRemoteJWKSet, type JWTVerifyGetKey } from "jose";
import type { App } from "../core/apps.js";

/** What an app's tokens are verified with, and the only algorithms they may name. */
export interface VerificationKey {
  readonly key: KeyObject | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

/** `EdDSA` by its name of RFC 8037, and by that of RFC 9864. */
const EDDSA = ["EdDSA", "Ed25519"];
const FETCH_MS = 5000;

/** The key that the configuration names; null: the app takes no tokens. Made once an app, for it caches a JWKS. */
export function verificationKey({ jwtSecret, jwtPublicKey, jwksUrl }: App): VerificationKey | null {
  if (jwtSecret !== null) return { key: createSecretKey(jwtSecret, "utf8"), algorithms: ["HS256"] };
  if (jwtPublicKey !== null) {
    const key = createPublicKey(jwtPublicKey);
    return { key, algorithms: publicKeyAlgorithms(key) ?? [] };
  }
  if (jwksUrl === null) return null;
  const key = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: FETCH_MS });
  return { key, algorithms: ["RS256", "ES256", ...EDDSA] };
}

/** Why this PEM cannot verify tokens; null: it can. */
export function publicKeyFault(pem: string): string | null {
  if (pem.includes("PRIVATE KEY")) return "must be the public key; the private one stays with who signs";
  try {
    return publicKeyAlgorithms(createPublicKey(pem)) === null
      ? "must be an RSA key of 2048 bits or more, an EC key on P-256, or an Ed25519 key"
      : null;
  } catch {
    return "must be a public key as PEM (-----BEGIN PUBLIC KEY-----)";
  }
}

/** Null for a key of another kind. */
function publicKeyAlgorithms({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] | null {
  if (asymmetricKeyType === "ed25519") return EDDSA;
  if (asymmetricKeyType === "rsa") return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? ["RS256"] : null;
  if (asymmetricKeyType === "ec") return asymmetricKeyDetails?.namedCurve === "prime256v1" ? ["ES256"] : null;
  return null;
}
