import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { pem } from '../../platform/tls/make-certificate.ts'
import { certificateFault } from './check-certificate.ts'
import { issueCertificate, makeAuthority, openSigner, type Signer } from './x509.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const AGENT = '5f0c7a52-9f5e-4c0e-8a53-0d3c0f4f9a11'
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

let signer: Signer
let root: X509Certificate
let request: Uint8Array

beforeAll(async () => {
  const made = await makeAuthority(NOW)
  signer = await openSigner(made.certificate, made.key)
  root = new X509Certificate(made.certificate)
  const keys = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=root', keys, signingAlgorithm: ECDSA })
  request = new Uint8Array(csr.rawData)
})

const keyOf = (certificate: string): string =>
  new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }).toString('hex')

const issue = (csr: string, life = 90 * DAY_MS) => issueCertificate(signer, csr, AGENT, NOW, life)

it('takes a good request, and no changed one: bad_csr, or where only the unsigned wrapping changed the same key', async () => {
  const good = await issue(pem('CERTIFICATE REQUEST', request))
  expect(certificateFault(new X509Certificate(good.certificate), [root], NOW)).toBeUndefined()
  let cases = 0
  let wrapping = 0
  const mutated = fc.record({ at: fc.nat(request.length - 1), to: fc.nat(255), cut: fc.option(fc.nat(request.length)) })
  await fc.assert(
    fc.asyncProperty(mutated, async ({ at, to, cut }) => {
      if (request[at] === to && cut === null) return
      cases += 1
      const bytes = request.slice(0, cut ?? request.length)
      if (at < bytes.length) bytes[at] = to
      const answer = await issue(pem('CERTIFICATE REQUEST', bytes)).then(
        ({ certificate }) => keyOf(certificate),
        (error: { code?: string }) => error.code,
      )
      if (answer === keyOf(good.certificate)) wrapping += 1
      else expect(answer).toBe('bad_csr')
    }),
    { numRuns: 400 },
  )
  expect(cases).toBeGreaterThan(350)
  expect(wrapping).toBeLessThan(20)
})

it('refuses texts that are no request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), async (text) => {
      await expect(issue(text)).rejects.toMatchObject({ code: 'bad_csr' })
    }),
    { numRuns: 200 },
  )
})

it('outlives no authority, and gives no serial twice', async () => {
  const csr = pem('CERTIFICATE REQUEST', request)
  expect((await issue(csr, 1e13)).notAfter).toBe(root.validToDate.getTime())
  const serials = await Promise.all(Array.from({ length: 50 }, async () => (await issue(csr)).serial))
  expect(new Set(serials).size).toBe(50)
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/)
})

it('holds for exactly its days', async () => {
  const certificate = new X509Certificate((await issue(pem('CERTIFICATE REQUEST', request))).certificate)
  const at = (ms: number): string | undefined => certificateFault(certificate, [root], NOW + ms)
  expect([at(-DAY_MS), at(0), at(90 * DAY_MS - 1), at(90 * DAY_MS)]).toEqual(['not yet valid', undefined, undefined, 'expired'])
  expect(certificateFault(certificate, [], NOW)).toBe('foreign')
  expect(certificateFault(root, [root], NOW)).toBe('not for clients')
})
