import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { readCheckov } from './formats/checkov.ts'
import { readGrype, readNpmAudit, readSnyk, readTrivy } from './formats/packages.ts'
import { readSarif } from './formats/sarif.ts'
import { readBurp, readNessus, readNuclei, readZapJson, readZapXml } from './formats/web.ts'
import { type ReadResults, refuseResults } from './result.ts'

/** JSON has to be held whole; XML and JSON lines may be of any size. */
export const LIMITS = { json: 256 * 2 ** 20, line: 16 * 2 ** 20 }
const HEAD_CHARS = 64 * 1024

const XML: readonly {
  readonly root: string
  readonly read: (text: AsyncIterable<string>, file: string) => Promise<ReadResults>
}[] = [
  { root: 'NessusClientData_v2', read: readNessus },
  { root: 'OWASPZAPReport', read: readZapXml },
  { root: 'issues', read: readBurp },
]

const JSONS: readonly {
  readonly is: (value: object) => boolean
  readonly read: (value: unknown, file: string) => ReadResults
}[] = [
  { is: (value) => 'runs' in value, read: readSarif },
  { is: (value) => 'SchemaVersion' in value, read: readTrivy },
  { is: (value) => 'matches' in value, read: readGrype },
  { is: (value) => 'site' in value, read: readZapJson },
  { is: (value) => 'auditReportVersion' in value || 'advisories' in value, read: readNpmAudit },
  { is: (value) => 'check_type' in value || ('passed' in value && 'failed' in value), read: readCheckov },
  { is: (value) => 'infrastructureAsCodeIssues' in value || ('vulnerabilities' in value && 'ok' in value), read: readSnyk },
]

/**
 * Reads what another scanner wrote, told by looking.
 * @param bytes the file in parts; only one part is held at a time where the format allows it.
 * @throws KanpekiError `results_invalid`, `too_large`: nothing of it was taken then.
 */
export async function readResults(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  limits: typeof LIMITS = LIMITS,
): Promise<ReadResults> {
  const parts = decoded(bytes, file)[Symbol.asyncIterator]()
  let head = ''
  let ended = false
  while (head.length < HEAD_CHARS && !ended) {
    const next = await parts.next()
    if (next.done === true) ended = true
    else head += next.value
  }
  const rest: AsyncIterable<string> = {
    async *[Symbol.asyncIterator]() {
      yield head
      for (let next = await parts.next(); next.done !== true; next = await parts.next()) yield next.value
    },
  }
  const start = head.trimStart()
  if (start === '') return refuseResults(file, 'report', 'it is empty')
  if (start.startsWith('<')) {
    // The first element after declarations, comments and a DTD.
    const root = /^(?:\s*<\?[^>]*\?>|\s*<!--[\s\S]*?-->|\s*<!DOCTYPE[^[>]*(?:\[[^\]]*\]\s*)?>)*\s*<([A-Za-z_][\w.-]*)/.exec(
      start,
    )?.[1]
    const known = XML.find((one) => one.root === root)
    if (known === undefined)
      return refuseResults(file, 'report', `XML ${root === undefined ? 'without an element' : `of ${root}`} is not known`)
    return await known.read(rest, file)
  }
  const firstLine = start.slice(0, start.indexOf('\n') < 0 ? undefined : start.indexOf('\n'))
  if (isNuclei(parsedOr(firstLine))) return await nucleiLines(rest, file, limits.line)
  return readJson(await whole(rest, file, limits.json), file)
}

function readJson(text: string, file: string): ReadResults {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refuseResults(file, 'JSON', messageOf(error))
  }
  if (typeof value !== 'object' || value === null) return refuseResults(file, 'report', 'it is no object')
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[]
    if (isNuclei(first)) return readNuclei(value, file)
    const known = typeof first === 'object' && first !== null ? JSONS.find((one) => one.is(first)) : undefined
    if (known?.read === readCheckov || known?.read === readSnyk) return known.read(value, file)
    return refuseResults(file, 'report', 'a list of it is not known')
  }
  const known = JSONS.find((one) => one.is(value))
  if (known === undefined)
    return refuseResults(
      file,
      'report',
      'it is none of SARIF, Trivy, Grype, Snyk, npm audit, ZAP, Checkov, Nuclei, Nessus or Burp',
    )
  return known.read(value, file)
}

function isNuclei(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'template-id' in value
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function nucleiLines(text: AsyncIterable<string>, file: string, most: number): Promise<ReadResults> {
  const values: unknown[] = []
  let kept = ''
  const take = (line: string): void => {
    if (line.trim() === '') return
    const value = parsedOr(line)
    if (value === undefined) refuseResults(file, 'JSON', `line ${values.length + 1} cannot be read`)
    values.push(value)
  }
  for await (const part of text) {
    const lines = (kept + part).split('\n')
    kept = lines.pop()!
    if (kept.length > most) tooLarge(file, `a line is longer than ${most / 2 ** 20} MiB`)
    for (const line of lines) take(line)
  }
  take(kept)
  return readNuclei(values, file)
}

async function whole(text: AsyncIterable<string>, file: string, most: number): Promise<string> {
  const parts: string[] = []
  let size = 0
  for await (const part of text) {
    size += part.length
    if (size > most) tooLarge(file, `it is larger than ${most / 2 ** 20} MiB`)
    parts.push(part)
  }
  return parts.join('')
}

function tooLarge(file: string, reason: string): never {
  throw new KanpekiError('too_large', `${file}: ${reason}.`, {
    place: { file },
    remedy: 'Report one project or network at a time.',
  })
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  try {
    for await (const part of bytes) {
      // UTF-16 with its mark, as PowerShell writes it.
      decoder ??= new TextDecoder(
        part[0] === 0xff && part[1] === 0xfe ? 'utf-16le' : part[0] === 0xfe && part[1] === 0xff ? 'utf-16be' : 'utf-8',
        { fatal: true },
      )
      yield decoder.decode(part, { stream: true })
    }
    if (decoder !== undefined) yield decoder.decode()
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      refuseResults(file, 'report', 'it is no UTF-8')
    throw error
  }
}
