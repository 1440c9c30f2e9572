import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import {
  type Build,
  checkEnvelope,
  type Envelope,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
  signStatement,
  statementOf,
} from './provenance.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-provenance-'))
afterAll(() => rmSync(folder, { recursive: true }))
const keys = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const build: Build = {
  version: '1.2.3',
  commit: 'c'.repeat(40),
  dirty: false,
  source: 'git+https://example.com/kanpeki.git',
  builder: 'https://ci.example.com/builder',
  invocation: 'run 7',
  lockfile: Buffer.from('{}'),
  node: '24.21.0',
  npm: '11.0.0',
  started: '2026-11-22T00:00:00.000Z',
  finished: '2026-11-22T00:01:00.000Z',
}
const files = [{ name: 'kanpeki-1.2.3.tgz', bytes: Buffer.from('a package') }]

it('says what was built from which commit by whom, as SLSA asks', () => {
  const statement = statementOf(files, build)
  expect(statement).toMatchObject({
    _type: STATEMENT_TYPE,
    predicateType: PREDICATE_TYPE,
    subject: [{ name: 'kanpeki-1.2.3.tgz', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string } }],
    predicate: {
      buildDefinition: {
        buildType: expect.any(String) as string,
        externalParameters: { version: '1.2.3' },
        resolvedDependencies: [{ uri: build.source, digest: { gitCommit: build.commit } }, { uri: 'package-lock.json' }],
      },
      runDetails: { builder: { id: build.builder }, metadata: { startedOn: build.started, finishedOn: build.finished } },
    },
  })
})

it('checks what it signed, and nothing else', () => {
  const envelope = signStatement(statementOf(files, build), keys.privateKey)
  expect(checkEnvelope(envelope, keys.publicKey, files).predicate.runDetails.builder.id).toBe(build.builder)
  const forged =
    (changes: Partial<Envelope>): (() => unknown) =>
    () =>
      checkEnvelope({ ...envelope, ...changes }, keys.publicKey, files)
  const elsewhere = Buffer.from(JSON.stringify(statementOf(files, { ...build, commit: 'd'.repeat(40) }))).toString('base64')
  expect(() => checkEnvelope(envelope, other.publicKey, files)).toThrow('no signature')
  expect(forged({ payload: elsewhere })).toThrow('no signature')
  expect(forged({ payloadType: 'text/plain' as never })).toThrow('no signature')
  expect(forged({ signatures: [] })).toThrow('no signature')
  expect(() => checkEnvelope(envelope, keys.publicKey, [])).toThrow('no file')
  expect(() => checkEnvelope(envelope, keys.publicKey, [{ ...files[0]!, name: 'other.tgz' }])).toThrow('not a subject')
  expect(() => checkEnvelope(envelope, keys.publicKey, [{ ...files[0]!, bytes: Buffer.from('another') }])).toThrow('not the file')
})

it('signs and checks real files from the command line', () => {
  const [file, priv, pub, envelope] = ['kanpeki.tgz', 'private.pem', 'public.pem', 'envelope.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  writeFileSync(file, 'a package')
  writeFileSync(priv, keys.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  writeFileSync(pub, keys.publicKey.export({ format: 'pem', type: 'spki' }))
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['scripts/provenance.ts', ...args], { encoding: 'utf8' })
  const signed = run('sign', '--key', priv, file)
  expect([signed.status, signed.stderr]).toEqual([0, ''])
  writeFileSync(envelope, signed.stdout)
  const checked = run('check', '--key', pub, envelope, file)
  expect([checked.status, checked.stdout]).toEqual([0, expect.stringMatching(/^1 files were built from [0-9a-f]{40} by /)])
  writeFileSync(file, 'another package')
  expect(run('check', '--key', pub, envelope, file)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('not the file') as string,
  })
  const unsigned = run('sign', file)
  expect(unsigned).toMatchObject({ status: 0, stderr: expect.stringContaining('nobody vouches') as string })
  expect(JSON.parse(unsigned.stdout)).toHaveProperty('_type', STATEMENT_TYPE)
  expect(run('sing').status).toBe(64)
})
