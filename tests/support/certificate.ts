/**
 * X.509 certificates created with Web Crypto alone (ECDSA P-256), so that a test needs neither a program nor
 * a permission. The DER is that of RFC 5280 §4.1.
 *
 * @module
 */

/** Who signs certificates. */
export interface Authority {
  /** The name in the certificates' issuer field. */
  name: string;
  /** The authority's own certificate, PEM. */
  cert: string;
  /** Signs. */
  key: CryptoKey;
  /** Identifies the key in certificates that it has signed. */
  keyId: Uint8Array;
}

/** Options for {@linkcode makeCertificate}. */
export interface CertificateOptions {
  /** DNS names and IPv4 addresses that the certificate is valid for; none for a client's. */
  hostnames: string[];
  /**
   * The common name.
   *
   * @default The first hostname, or "client"
   */
  name?: string;
  /**
   * Who signs.
   *
   * @default An authority made for this one
   */
  authority?: Authority;
  /**
   * Since when the certificate is valid.
   *
   * @default One hour ago
   */
  notBefore?: Date;
  /**
   * Until when the certificate is valid; a time in the past makes an expired one.
   *
   * @default In one day
   */
  notAfter?: Date;
}

/** A certificate, for servers and for clients. */
export interface Certificate {
  /** The certificate, PEM. */
  cert: string;
  /** Its private key, PEM (PKCS #8). */
  key: string;
  /** The certificate of the authority that signed it, PEM. */
  ca: string;
}

const HOUR = 3_600_000;
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const OIDS = {
  ecdsaWithSha256: "06082a8648ce3d040302",
  commonName: "0603550403",
  keyUsage: "0603551d0f",
  subjectAltName: "0603551d11",
  basicConstraints: "0603551d13",
  subjectKeyIdentifier: "0603551d0e",
  authorityKeyIdentifier: "0603551d23",
  extendedKeyUsage: "0603551d25",
  serverAuth: "06082b06010505070301",
  clientAuth: "06082b06010505070302",
} as const;

const TRUE = Uint8Array.fromHex("0101ff");
const KEY_CERT_SIGN = Uint8Array.fromHex("03020204");
const DIGITAL_SIGNATURE = Uint8Array.fromHex("03020780");

/**
 * Makes an authority with a certificate that it signed itself.
 *
 * @param name Its common name.
 * @returns The authority.
 */
export async function makeAuthority(name = "Test authority"): Promise<Authority> {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const extensions = [
    extension(oid("basicConstraints"), true, sequence(TRUE)),
    extension(oid("keyUsage"), true, KEY_CERT_SIGN),
  ];
  const authority = { name, cert: "", key: pair.privateKey, keyId: await identify(pair.publicKey) };
  authority.cert = await sign(authority, name, pair.publicKey, validity(), extensions);
  return authority;
}

/**
 * Makes a certificate with its key.
 *
 * @param options The names it is valid for, who signs it, and how long it is valid.
 * @returns The certificate, its key and its authority's certificate.
 */
export async function makeCertificate(options: CertificateOptions): Promise<Certificate> {
  const { hostnames, name = hostnames[0] ?? "client", notBefore, notAfter } = options;
  const authority = options.authority ?? await makeAuthority();
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const extensions = [
    extension(oid("keyUsage"), true, DIGITAL_SIGNATURE),
    extension(oid("extendedKeyUsage"), false, sequence(oid("serverAuth"), oid("clientAuth"))),
    ...hostnames.length > 0 ? [extension(oid("subjectAltName"), false, sequence(...hostnames.map(hostname)))] : [],
  ];
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return {
    cert: await sign(authority, name, pair.publicKey, validity(notBefore, notAfter), extensions),
    key: pem("PRIVATE KEY", key),
    ca: authority.cert,
  };
}

async function sign(
  authority: Authority,
  name: string,
  publicKey: CryptoKey,
  valid: Uint8Array,
  extensions: Uint8Array[],
): Promise<string> {
  const keyIds = [
    extension(oid("subjectKeyIdentifier"), false, der(0x04, await identify(publicKey))),
    extension(oid("authorityKeyIdentifier"), false, sequence(der(0x80, authority.keyId))),
  ];
  const algorithm = sequence(oid("ecdsaWithSha256"));
  const content = sequence(
    der(0xa0, Uint8Array.fromHex("020102")), // version 3
    integer(crypto.getRandomValues(new Uint8Array(16))), // serial number
    algorithm,
    commonName(authority.name),
    valid,
    commonName(name),
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(0xa3, sequence(...extensions, ...keyIds)),
  );
  const signature = new Uint8Array(await crypto.subtle.sign(ECDSA, authority.key, content));
  const points = sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  return pem("CERTIFICATE", sequence(content, algorithm, der(0x03, Uint8Array.of(0), points)));
}

async function identify(publicKey: CryptoKey): Promise<Uint8Array> {
  const digest = await crypto.subtle.digest("SHA-256", await crypto.subtle.exportKey("spki", publicKey));
  return new Uint8Array(digest, 0, 20);
}

function validity(
  notBefore: Date = new Date(Date.now() - HOUR),
  notAfter: Date = new Date(Date.now() + 24 * HOUR),
): Uint8Array {
  return sequence(time(notBefore), time(notAfter));
}

function commonName(name: string): Uint8Array {
  return sequence(der(0x31, sequence(oid("commonName"), der(0x0c, new TextEncoder().encode(name)))));
}

function extension(id: Uint8Array, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(id, critical ? TRUE : new Uint8Array(), der(0x04, value));
}

function hostname(name: string): Uint8Array {
  const numbers = name.split(".").map(Number);
  const isIpv4 = numbers.length === 4 && numbers.every((number) => number >= 0 && number <= 255);
  return isIpv4 ? der(0x87, Uint8Array.from(numbers)) : der(0x82, new TextEncoder().encode(name));
}

/** UTCTime, with two digits for the year: RFC 5280 §4.1.2.5 requires it through the year 2049. */
function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/[^0-9]/g, "").slice(2, 14);
  return der(0x17, new TextEncoder().encode(`${digits}Z`));
}

/** An unsigned number, big-endian, without leading zeros, except for one if the first bit would mean a sign. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return digits[0] >= 0x80 ? der(0x02, Uint8Array.of(0), digits) : der(0x02, digits);
}

function oid(name: keyof typeof OIDS): Uint8Array {
  return Uint8Array.fromHex(OIDS[name]);
}

function sequence(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = parts.flatMap((part) => [...part]);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...size, ...content]);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
