import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { isLoopback, isWildcard } from './loopback.ts'

/** What this host is called, asked once so that tests can say it. */
export interface HostFacts {
  readonly hostname: string
  /** Addresses of every interface, loopback too, without zone. */
  readonly addresses: readonly string[]
}

export function hostFacts(): HostFacts {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // An address of one link means nothing without its zone, and a certificate cannot carry a zone.
    .filter(({ address, scopeid }) => (scopeid ?? 0) === 0 && !address.startsWith('fe80:'))
    .map(({ address }) => address)
  return { hostname: hostname(), addresses }
}

export interface CertificateNames {
  /** Names that people and programs are told, the first is the one that Kanpeki prints: a certificate without one of them is made anew. */
  readonly required: readonly string[]
  /** `required` and whatever else the host answers to. */
  readonly all: readonly string[]
}

/**
 * The names a certificate of our own carries.
 * @param host the bind; a wildcard stands for every address of the host.
 * @param extra the setting `tls-names`.
 */
export function certificateNames(host: string, extra: readonly string[], facts: HostFacts): CertificateNames {
  const required = unique([...extra, ...(isWildcard(host) ? [announced(facts)] : [host])])
  return { required, all: unique([...required, 'localhost', facts.hostname, ...facts.addresses, '127.0.0.1', '::1']) }
}

/** Where others reach a host that listens everywhere: its first address that is not loopback, IPv4 first. */
function announced({ addresses }: HostFacts): string {
  const outside = addresses.filter((address) => !isLoopback(address))
  return outside.find((address) => isIP(address) === 4) ?? outside[0] ?? '127.0.0.1'
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))]
}

/** An address or name as it stands in a URL. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}
