import ipaddr from "ipaddr.js";

/**
 * Whether an address belongs to the public internet: one of a host that anybody may ask. Not those
 * of this machine, of private networks, of clouds' metadata services, reserved ones, multicast, nor
 * those that stand for an IPv4 address within IPv6 (mapped, NAT64, 6to4, Teredo).
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast" || platformAddresses.has(parsed.toString())) return false;
  // What of IPv6 is handed out to hosts so far.
  return parsed.kind() === "ipv4" || parsed.match(globalUnicast);
}

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Public addresses that answer each machine of a cloud with what is its own business. Azure's:
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const platformAddresses: ReadonlySet<string> = new Set(["168.63.129.16"]);
