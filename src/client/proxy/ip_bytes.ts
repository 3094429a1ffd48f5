import { isIPv4 } from "node:net";

/**
 * Reads an IP address.
 *
 * @param address The address as text, without brackets.
 * @returns Its 4 or 16 bytes.
 */
export function ipBytes(address: string): number[] {
  if (isIPv4(address)) return address.split(".").map(Number);
  // The URL writes the groups alone: no IPv4 address at the end, one `::` at most.
  const [head, tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = new Array(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
}
