import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import { checkPair } from '../../../platform/tls/check-pair.ts'
import { CIPHERS } from '../../../platform/tls/server-tls.ts'

/** A certificate and the names it is served for; `*.example.com` stands for one label. */
export interface CertificateFiles {
  readonly names: readonly string[]
  readonly certFile: string
  readonly keyFile: string
}

export interface Certificates {
  /** What a client gets that names no host, or an unknown one: the first. */
  readonly fallback: { readonly cert: string; readonly key: string; readonly ciphers: string; readonly minVersion: 'TLSv1.2' }
  readonly forName: (name: string) => SecureContext
}

/**
 * Reads certificates, for choice by the name a client asks for (SNI, RFC 6066). `now`: milliseconds UTC. Throws
 * `certificate-unreadable` with its file, and what `checkPair` throws.
 */
export function openCertificates(files: readonly CertificateFiles[], now: number): Certificates {
  const contexts = files.map(({ names, certFile, keyFile }) => {
    const pair = { cert: read(certFile), key: read(keyFile) }
    checkPair(pair, { cert: certFile, key: keyFile }, now)
    const options = { ...pair, ciphers: CIPHERS, minVersion: 'TLSv1.2' } as const
    return { names: names.map((name) => name.toLowerCase()), options, context: createSecureContext(options) }
  })
  const [first] = contexts
  if (first === undefined) throw new KanpekiError('certificate-unreadable', 'no certificate was given.')
  return {
    fallback: first.options,
    forName: (asked) => {
      const name = asked.toLowerCase()
      const wild = name.replace(/^[^.]+/, '*')
      const exact = contexts.find(({ names }) => names.includes(name)) ?? contexts.find(({ names }) => names.includes(wild))
      return (exact ?? first).context
    },
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new KanpekiError('certificate-unreadable', `cannot be read: ${messageOf(error)}`, { place: { file } })
  }
}
