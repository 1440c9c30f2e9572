/**
 * Where a release came from: SLSA provenance v1 in an in-toto statement, in a DSSE envelope signed with Ed25519.
 *
 *   node scripts/provenance.ts sign --key PRIVATE.pem FILE… > kanpeki.intoto.json
 *   node scripts/provenance.ts check --key PUBLIC.pem ENVELOPE FILE…
 *
 * Without `--key`, `sign` writes the bare statement and says that nobody vouches for it.
 */
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { type Manifest, readJsonFile } from './lockfile.ts'

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
export const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1'
/** DSSE payload type of in-toto statements. */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'
const BUILD_TYPE = 'urn:kanpeki:npm-pack:v1'

type Digest = Readonly<Record<string, string>>

export interface Statement {
  readonly _type: typeof STATEMENT_TYPE
  readonly subject: readonly { readonly name: string; readonly digest: Digest }[]
  readonly predicateType: typeof PREDICATE_TYPE
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string
      readonly externalParameters: Readonly<Record<string, string>>
      readonly internalParameters: Readonly<Record<string, string | boolean>>
      readonly resolvedDependencies: readonly { readonly uri: string; readonly digest: Digest }[]
    }
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> }
      readonly metadata: { readonly invocationId: string; readonly startedOn: string; readonly finishedOn: string }
    }
  }
}

export interface Envelope {
  readonly payloadType: typeof PAYLOAD_TYPE
  /** Base64 of the statement's JSON. */
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

/** What a build knows about itself. Times are RFC 3339. */
export interface Build {
  readonly version: string
  readonly commit: string
  /** Whether sources differed from the commit. */
  readonly dirty: boolean
  readonly source: string
  readonly builder: string
  readonly invocation: string
  readonly lockfile: Uint8Array
  readonly node: string
  readonly npm: string
  readonly started: string
  readonly finished: string
}

export function statementOf(files: readonly { readonly name: string; readonly bytes: Uint8Array }[], build: Build): Statement {
  return {
    _type: STATEMENT_TYPE,
    subject: files.map(({ name, bytes }) => ({ name, digest: digestsOf(bytes) })),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { source: build.source, version: build.version },
        internalParameters: { node: build.node, npm: build.npm, dirty: build.dirty },
        resolvedDependencies: [
          { uri: build.source, digest: { gitCommit: build.commit } },
          { uri: 'package-lock.json', digest: digestsOf(build.lockfile) },
        ],
      },
      runDetails: {
        builder: { id: build.builder, version: { node: build.node, npm: build.npm } },
        metadata: { invocationId: build.invocation, startedOn: build.started, finishedOn: build.finished },
      },
    },
  }
}

/** DSSE (https://github.com/secure-systems-lab/dsse): the signature covers type and payload together. @param key Ed25519. */
export function signStatement(statement: Statement, key: KeyObject): Envelope {
  const payload = Buffer.from(JSON.stringify(statement))
  const sig = sign(null, preAuthEncoding(PAYLOAD_TYPE, payload), key).toString('base64')
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }],
  }
}

/**
 * The statement of an envelope that this key signed and that speaks of exactly these files.
 * @throws Error saying what does not fit.
 */
export function checkEnvelope(
  envelope: Envelope,
  key: KeyObject,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Statement {
  const payload = Buffer.from(envelope.payload, 'base64')
  const signed = preAuthEncoding(envelope.payloadType, payload)
  if (!envelope.signatures.some(({ sig }) => verify(null, signed, key, Buffer.from(sig, 'base64'))))
    throw new Error('no signature of this key')
  const statement = JSON.parse(payload.toString('utf8')) as Statement
  if (envelope.payloadType !== PAYLOAD_TYPE || statement._type !== STATEMENT_TYPE || statement.predicateType !== PREDICATE_TYPE)
    throw new Error('not SLSA provenance v1 in an in-toto statement')
  if (files.length === 0) throw new Error('no file to check')
  for (const { name, bytes } of files) {
    const subject = statement.subject.find((one) => one.name === name)
    if (subject === undefined) throw new Error(`${name} is not a subject`)
    if (subject.digest['sha256'] !== digestsOf(bytes)['sha256']) throw new Error(`${name} is not the file that was built`)
  }
  return statement
}

/** SHA-256 of the key's SPKI encoding, hexadecimal. */
function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
}

function preAuthEncoding(type: string, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload])
}

function digestsOf(bytes: Uint8Array): Digest {
  return Object.fromEntries(['sha256', 'sha512'].map((name) => [name, createHash(name).update(bytes).digest('hex')]))
}

/** What git, npm and the environment say about a build that runs now. */
export function presentBuild(started: Date, environment: NodeJS.ProcessEnv): Build {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
  const npm = execFileSync('npm', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  return {
    version: readJsonFile<Manifest>('package.json').version,
    commit: git('rev-parse', 'HEAD'),
    dirty: git('status', '--porcelain', '--untracked-files=no') !== '',
    source: environment['KANPEKI_SOURCE'] ?? 'git+file:.',
    builder: environment['KANPEKI_BUILDER'] ?? 'urn:kanpeki:builder:local',
    invocation: environment['KANPEKI_INVOCATION'] ?? `${started.toISOString()}/${process.pid}`,
    lockfile: readFileSync('package-lock.json'),
    node: process.versions.node,
    npm,
    started: started.toISOString(),
    finished: new Date().toISOString(),
  }
}

function filesOf(paths: readonly string[]): { readonly name: string; readonly bytes: Uint8Array }[] {
  return paths.map((path) => ({ name: basename(path), bytes: readFileSync(path) }))
}

function main(): number {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { key: { type: 'string' } } })
  const [verb, ...paths] = positionals
  if (verb === 'sign' && paths.length > 0) {
    const statement = statementOf(filesOf(paths), presentBuild(new Date(), process.env))
    if (values.key === undefined) console.error('provenance: not signed, so that nobody vouches for it (--key PRIVATE.pem)')
    const result = values.key === undefined ? statement : signStatement(statement, createPrivateKey(readFileSync(values.key)))
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    return 0
  }
  const [envelope, ...files] = paths
  if (verb === 'check' && envelope !== undefined && values.key !== undefined) {
    const statement = checkEnvelope(readJsonFile<Envelope>(envelope), createPublicKey(readFileSync(values.key)), filesOf(files))
    const [source] = statement.predicate.buildDefinition.resolvedDependencies
    console.log(
      `${files.length} files were built from ${source?.digest['gitCommit'] ?? '(unknown)'} by ${statement.predicate.runDetails.builder.id}`,
    )
    return 0
  }
  console.error('Usage: provenance.ts sign [--key PRIVATE.pem] FILE… | check --key PUBLIC.pem ENVELOPE FILE…')
  return 64
}

if (import.meta.main) {
  try {
    process.exitCode = main()
  } catch (error) {
    console.error(`provenance: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
