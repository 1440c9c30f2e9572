import { KanpekiError } from '../../kernel/error.ts'

/** What an installed package's header says. */
export interface RpmPackage {
  readonly name: string
  /** Undefined where the header has none, which counts as 0 in comparisons. */
  readonly epoch: number | undefined
  readonly version: string
  readonly release: string
  readonly arch: string | undefined
  /** File name of the source package, `bash-5.1.8-6.el9.src.rpm`. */
  readonly sourceRpm: string | undefined
  readonly vendor: string | undefined
  /** `NAME:STREAM:VERSION:CONTEXT:…` of a module of Red Hat 8 and its kin. */
  readonly module: string | undefined
  /** Seconds UTC. */
  readonly installed: number | undefined
  /** Paths of all its files, folders too. */
  readonly files: readonly string[]
  /** Where they were asked for: what each of those files held, in hexadecimal; empty for folders and links. */
  readonly digests?: readonly string[]
  /** How they were made, by OpenPGP's number (RFC 9580 §9.5): 8 is SHA-256. Without it MD5. */
  readonly digestAlgorithm?: number | undefined
}

/** Numbers of rpmtag.h. */
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  installed: 1008,
  vendor: 1011,
  arch: 1022,
  oldFiles: 1027,
  digests: 1035,
  sourceRpm: 1044,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  digestAlgorithm: 5011,
  module: 5096,
} as const
const WITH_DIGESTS: ReadonlySet<number> = new Set(Object.values(TAG))
/** They are as long as all the rest. */
const WANTED: ReadonlySet<number> = new Set([...WITH_DIGESTS].filter((tag) => tag !== TAG.digests && tag !== TAG.digestAlgorithm))
const INT32 = 4
const STRING = 6
const STRING_ARRAY = 8
const I18N_STRING = 9

const INDEX_ENTRY_BYTES = 16
/** As rpm itself bounds a header (HEADER_TAGS_MAX and HEADER_DATA_MAX of header.c). */
const MOST_ENTRIES = 65_535
const MOST_DATA = 256 * 2 ** 20

const broken = (why: string): KanpekiError => new KanpekiError('rpm_header', `A package's header cannot be read: ${why}.`)

/**
 * Reads a header as rpm's database keeps it: number of index entries and of data bytes, the index, the data, all big-endian, without the
 * magic bytes of a package file (rpm.org, "RPM V4 Package format", header structure).
 * @throws KanpekiError `rpm_header` for bytes that are none.
 */
export function readRpmHeader(bytes: Uint8Array, digests = false): RpmPackage {
  if (bytes.byteLength < 8) throw broken('it is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = view.getUint32(0)
  const length = view.getUint32(4)
  const start = 8 + entries * INDEX_ENTRY_BYTES
  if (entries > MOST_ENTRIES || length > MOST_DATA || start + length > bytes.byteLength)
    throw broken(`it has no room for ${entries} entries and ${length} bytes`)
  const data = Buffer.from(bytes.buffer, bytes.byteOffset + start, length)
  const found = new Map<number, readonly string[] | readonly number[]>()
  const wanted = digests ? WITH_DIGESTS : WANTED
  // What was added when a package was installed comes last and goes before what its file said.
  for (let at = 8; at < start; at += INDEX_ENTRY_BYTES) {
    const tag = view.getUint32(at)
    if (!wanted.has(tag)) continue
    const [type, offset, count] = [view.getUint32(at + 4), view.getInt32(at + 8), view.getUint32(at + 12)]
    found.set(tag, readValues(data, type, offset, count))
  }
  const text = (tag: number): string | undefined => {
    const value = found.get(tag)?.[0]
    return typeof value === 'string' ? value : undefined
  }
  const whole = (tag: number): number | undefined => {
    const value = found.get(tag)?.[0]
    return typeof value === 'number' ? value : undefined
  }
  const [name, version, release] = [text(TAG.name), text(TAG.version), text(TAG.release)]
  if (name === undefined || version === undefined || release === undefined) throw broken('it names no package')
  return {
    name,
    version,
    release,
    epoch: whole(TAG.epoch),
    arch: text(TAG.arch),
    sourceRpm: text(TAG.sourceRpm),
    vendor: text(TAG.vendor),
    module: text(TAG.module),
    installed: whole(TAG.installed),
    files: filesOf(found),
    ...(digests
      ? {
          digests: (found.get(TAG.digests) ?? []).filter((one) => typeof one === 'string'),
          digestAlgorithm: whole(TAG.digestAlgorithm),
        }
      : {}),
  }
}

function readValues(data: Buffer, type: number, offset: number, count: number): readonly string[] | readonly number[] {
  if (offset < 0 || offset > data.length) throw broken('a value lies outside')
  if (type === INT32) {
    if (offset + 4 * count > data.length) throw broken('numbers lie outside')
    return Array.from({ length: count }, (_, i) => data.readUInt32BE(offset + 4 * i))
  }
  if (type !== STRING && type !== STRING_ARRAY && type !== I18N_STRING) return []
  const values: string[] = []
  let at = offset
  for (let i = 0; i < (type === STRING ? 1 : count); i++) {
    const end = data.indexOf(0, at)
    if (end < 0) throw broken('a text has no end')
    values.push(data.toString('utf8', at, end))
    at = end + 1
  }
  return values
}

/** Base names with the folder each lies in; packages older than rpm 4 name whole paths. */
function filesOf(found: ReadonlyMap<number, readonly string[] | readonly number[]>): readonly string[] {
  const names = found.get(TAG.baseNames)
  const folders = found.get(TAG.dirNames)
  const indexes = found.get(TAG.dirIndexes)
  if (names === undefined || folders === undefined || indexes === undefined)
    return (found.get(TAG.oldFiles) ?? []).filter((one) => typeof one === 'string')
  return names.map((name, i) => {
    const folder = folders[Number(indexes[i])]
    if (folder === undefined) throw broken('a file lies in no folder')
    return `${folder}${name}`
  })
}

/** `[EPOCH:]VERSION-RELEASE`, as advisories write versions; an epoch of 0 is left out. */
export function rpmVersion({ epoch, version, release }: Pick<RpmPackage, 'epoch' | 'version' | 'release'>): string {
  return `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${version}-${release}`
}
