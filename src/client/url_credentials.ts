import { encodeBase64 } from "@std/encoding/base64";

/** A username and a password, as bytes: a URL need not contain UTF-8. */
export interface Credentials {
  /** The username. */
  readonly username: Uint8Array<ArrayBuffer>;
  /** The password. */
  readonly password: Uint8Array<ArrayBuffer>;
}

/**
 * Removes the username and the password from a URL, so that they can't leak into a message or to a server with it.
 *
 * @param url The URL, which has no credentials afterwards.
 * @returns The credentials, null for none.
 */
export function takeCredentials(url: URL): Credentials | null {
  if (url.username === "" && url.password === "") return null;
  const credentials = { username: percentDecode(url.username), password: percentDecode(url.password) };
  url.username = "";
  url.password = "";
  return credentials;
}

/**
 * Formats credentials for `Authorization` or `Proxy-Authorization`. RFC 7617 §2.
 *
 * @param credentials The credentials.
 * @returns The field's value.
 */
export function basicAuthorization({ username, password }: Credentials): string {
  const pair = new Uint8Array(username.length + 1 + password.length);
  pair.set(username);
  pair[username.length] = ":".charCodeAt(0);
  pair.set(password, username.length + 1);
  return `Basic ${encodeBase64(pair)}`;
}

/** RFC 3986 §2.1. A `%` without two hex digits stays as it is. */
function percentDecode(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const octet = text[i] === "%" ? Number(`0x${text.slice(i + 1, i + 3).padEnd(2, "?")}`) : NaN;
    bytes.push(Number.isNaN(octet) ? text.charCodeAt(i) : octet);
    if (!Number.isNaN(octet)) i += 2;
  }
  return Uint8Array.from(bytes);
}
