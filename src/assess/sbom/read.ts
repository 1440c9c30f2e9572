import { gunzipSync } from 'node:zlib'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { type Bom, refusedBom } from './bom.ts'
import { readCycloneDxJson } from './cyclonedx-json.ts'
import { readCycloneDxXml } from './cyclonedx-xml.ts'
import { readLargeCycloneDxXml } from './cyclonedx-xml-large.ts'
import { objectOf } from './json.ts'
import { readSpdx2, readSpdx3, readSpdxTags } from './spdx.ts'

/** A document that is larger than this, packed or not, is refused: text in memory has an end near there. */
const MOST_BYTES = 500 * 2 ** 20
/** XML beyond this is judged in parts: a tree of it would take ten times as much. */
const MOST_TREE_BYTES = 16 * 2 ** 20
const DECODED_BYTES = 2 ** 20

/**
 * Reads a bill of materials, told by looking: CycloneDX 1.2–1.7 in JSON or XML (XML also 1.0 and 1.1), SPDX 2.2 and 2.3 in
 * JSON or as tags, SPDX 3.0 in JSON-LD; each also gzipped.
 * @param most bytes, packed or not.
 * @throws KanpekiError `sbom_invalid` with the first fault and its place, `sbom_too_large`.
 */
export async function readSbom(bytes: Uint8Array, file: string, most: number = MOST_BYTES): Promise<Bom> {
  const plain = unpacked(bytes, file, most)
  if (isXml(plain) && plain.length > MOST_TREE_BYTES) return await readLargeCycloneDxXml(decoded(plain), file)
  const text = new TextDecoder().decode(plain)
  const first = /\S/.exec(text)?.[0]
  if (first === '<') {
    const [bom] = await readCycloneDxXml([{ text, file }])
    if (bom instanceof KanpekiError) throw bom
    return bom!
  }
  if (first === '{') return guarded(file, () => readJson(text, file))
  if (/^SPDXVersion:/m.test(text)) return readSpdxTags(text, file)
  throw refusedBom(file, 'bill of materials', ['it is neither JSON, nor XML, nor SPDX tags'])
}

function isXml(bytes: Uint8Array): boolean {
  return /^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 1000)))
}

function* decoded(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder()
  for (let at = 0; at < bytes.length; at += DECODED_BYTES)
    yield decoder.decode(bytes.subarray(at, at + DECODED_BYTES), { stream: true })
  yield decoder.decode()
}

function unpacked(bytes: Uint8Array, file: string, most: number): Uint8Array {
  const tooLarge = new KanpekiError('sbom_too_large', `${file} is larger than ${most / 2 ** 20} MB.`, {
    place: { file },
    remedy: 'Split it by component.',
  })
  if (bytes.length > most) throw tooLarge
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: most })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge
    throw refusedBom(file, 'gzip', [messageOf(error)])
  }
}

function readJson(text: string, file: string): Bom {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw refusedBom(file, 'JSON', [messageOf(error)])
  }
  const fields = objectOf(document)
  if (fields['bomFormat'] === 'CycloneDX') return readCycloneDxJson(fields, file)
  if (typeof fields['spdxVersion'] === 'string') return readSpdx2(document, file)
  if (fields['@graph'] !== undefined) return readSpdx3(document, file)
  throw refusedBom(file, 'bill of materials', ['it says neither bomFormat CycloneDX, nor spdxVersion, nor an @graph'])
}

/** Whoever nests a document a hundred thousand deep gets an answer, too. */
function guarded<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) throw refusedBom(file, 'bill of materials', ['it is nested too deep to be read'])
    throw error
  }
}
