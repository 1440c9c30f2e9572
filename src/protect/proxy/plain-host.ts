/** A host as applications compare it: in lower case, without a port (`:` alone is one, too) and the dot of a full domain name. */
export function plainHost(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}
