import type { Clock } from '../../kernel/clock.ts'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Log } from '../log.ts'
import type { Sealer } from '../secrets/sealer.ts'
import { type CheckedPair, checkPair } from './check-pair.ts'
import { certificateNames, type HostFacts, hostFacts } from './names.ts'
import { type PairStore, pairStore, readGivenPair } from './pair-store.ts'

/** A certificate of our own is replaced this long before it ends. */
export const RENEW_BEFORE_MS = 30 * 86_400_000
const CHECK_EVERY_MS = 10_000

/** RFC 9325 §4.2: forward secrecy and authenticated encryption only. The first three are those of TLS 1.3. */
export const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')

export interface TlsSettings {
  /** The bind. */
  readonly host: string
  /** The settings `tls-cert` and `tls-key`: PEM files of a certificate that somebody else keeps; both or none. */
  readonly certFile: string | null
  readonly keyFile: string | null
  /** The setting `tls-names`. */
  readonly names: readonly string[]
}

export interface TlsDeps {
  /** The data folder's `keys`. */
  readonly folder: string
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  readonly facts?: HostFacts
}

/** Part of Node's SecureContextOptions; certificate and key are PEM. */
export interface TlsContext {
  readonly cert: string
  readonly key: string
  readonly minVersion: 'TLSv1.2'
  readonly ciphers: string
  readonly honorCipherOrder: true
}

/** The server's certificate, kept current. */
export interface ServerTls {
  /** What any TLS listener of this server takes: at its creation, and by `setSecureContext` after each change. */
  context(): TlsContext
  /** What is served now. */
  readonly current: CheckedPair
  readonly from: 'own' | 'given'
  /** The name or address to print in a URL. */
  readonly announced: string
  /** PEM of what is served now, for clients on this host. */
  readonly servedFile: string
  /** Called after the certificate was replaced; answers what ends that. */
  onChange(listener: () => void): () => void
  /** Looks for a renewed file, or renews our own certificate; runs by itself every ten seconds. @returns whether it changed. */
  check(): Promise<boolean>
  close(): void
}

/**
 * Opens the certificate that the settings name, or our own, which is made at the first start.
 * @throws KanpekiError `tls_settings` if one of the two files is not given, and those of `checkPair` and `readGivenPair`.
 */
export async function openServerTls(settings: TlsSettings, deps: TlsDeps): Promise<ServerTls> {
  const { certFile, keyFile } = settings
  if ((certFile === null) !== (keyFile === null))
    throw new KanpekiError('tls_settings', 'tls-cert and tls-key belong together, and one is missing.', {
      place: { field: certFile === null ? 'tls-cert' : 'tls-key' },
      remedy: 'Give both files, or neither: Kanpeki then makes a certificate of its own.',
    })
  const store = pairStore(deps.folder, deps.sealer)
  const given = certFile === null || keyFile === null ? undefined : { cert: certFile, key: keyFile }
  const names = certificateNames(settings.host, settings.names, deps.facts ?? hostFacts())
  const load = async (): Promise<CheckedPair> =>
    given === undefined
      ? await ownPair(store, names, deps)
      : checkPair(await readGivenPair(given.cert, given.key), given, deps.clock.now())

  let current = await load()
  await store.writeServed(current.cert)
  const listeners = new Set<() => void>()
  let complaint = ''

  async function check(): Promise<boolean> {
    let next: CheckedPair
    try {
      next = await load()
      complaint = ''
    } catch (error) {
      const reason = messageOf(error)
      if (reason !== complaint)
        deps.log.error('the certificate could not be replaced; the one before is still served', { reason })
      complaint = reason
      return false
    }
    if (next.cert === current.cert && next.key === current.key) return false
    current = next
    await store.writeServed(current.cert)
    deps.log.info('the certificate was replaced', {
      fingerprint: current.fingerprint,
      until: new Date(current.notAfter).toISOString(),
    })
    for (const listener of listeners) listener()
    return true
  }

  let running: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    running = running
      .then(check)
      .catch((error: unknown) => deps.log.error('looking at the certificate failed', { reason: messageOf(error) }))
  }, CHECK_EVERY_MS)
  timer.unref()

  return {
    context: () => ({ cert: current.cert, key: current.key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true }),
    get current() {
      return current
    },
    from: given === undefined ? 'own' : 'given',
    announced: announcedName(settings, current, names.required[0] ?? settings.host, given !== undefined),
    servedFile: store.servedFile,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    check,
    close: () => clearInterval(timer),
  }
}

async function ownPair(
  store: PairStore,
  names: { readonly required: readonly string[]; readonly all: readonly string[] },
  { clock, log }: TlsDeps,
): Promise<CheckedPair> {
  const now = clock.now()
  const places = { cert: store.certFile, key: store.keyFile }
  const kept = await store.read()
  if (kept !== undefined) {
    const usable = usableStill(() => checkPair(kept, places, now))
    const covers = usable !== undefined && names.required.every((name) => covered(usable.names, name))
    if (usable !== undefined && covers && usable.notAfter - now > RENEW_BEFORE_MS) return usable
  }
  // Loaded only when it is needed: the library costs a tenth of a second.
  const { makeServerCertificate } = await import('./make-certificate.ts')
  const made = await makeServerCertificate(names.all, now)
  await store.write(made)
  const pair = checkPair(made, places, now)
  log.warn('made a certificate that nobody else vouches for; browsers warn until you trust it or set tls-cert and tls-key', {
    fingerprint: pair.fingerprint,
    names: pair.names,
    until: new Date(pair.notAfter).toISOString(),
  })
  return pair
}

/** A half-written or ended pair of our own is made anew: nothing is lost by that but the trust in it. */
function usableStill(check: () => CheckedPair): CheckedPair | undefined {
  try {
    return check()
  } catch (error) {
    if (error instanceof KanpekiError && error.code.startsWith('tls_')) return undefined
    throw error
  }
}

function covered(names: readonly string[], wanted: string): boolean {
  return names.some((name) => name === wanted || compressed(name) === compressed(wanted))
}

/** IPv6 addresses are written in several ways; URL knows one. */
function compressed(name: string): string {
  return name.includes(':') ? (URL.parse(`https://[${name}]`)?.hostname ?? name) : name
}

/** People reach a given certificate by a name it holds: the one of `tls-names`, else its first that is no wildcard. */
function announcedName(settings: TlsSettings, pair: CheckedPair, fallback: string, given: boolean): string {
  if (!given || settings.names.length > 0) return fallback
  if (pair.names.includes(settings.host.toLowerCase())) return settings.host
  return pair.names.find((name) => !name.includes('*')) ?? fallback
}
