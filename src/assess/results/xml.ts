import { SaxesParser } from 'saxes'
import { KanpekiError } from '../../kernel/error.ts'
import { refuseResults } from './result.ts'

export interface XmlRecord {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  text: string
  readonly children: XmlRecord[]
}

const DEEPEST = 64
/** A record with all its text; more is nobody's finding. */
const MOST_RECORD_CHARS = 8 * 2 ** 20
const MOST_DOCTYPE_CHARS = 64 * 1024

/**
 * Reads records out of XML of any size, one in memory at a time. Entities of its own are refused (they multiply, and read
 * files); a DTD without any is not looked at. @param found gets each record and the elements above it, outermost first.
 * @throws KanpekiError `results_invalid` with the place.
 */
export async function xmlRecords(
  text: AsyncIterable<string>,
  file: string,
  names: ReadonlySet<string>,
  found: (record: XmlRecord, above: readonly XmlRecord[]) => void,
): Promise<void> {
  const parser = new SaxesParser()
  const fail = (reason: string): never => refuseResults(file, 'XML report', `line ${parser.line}: ${reason}`)
  const above: XmlRecord[] = []
  let inside = 0
  let begun = false
  let since = 0
  let chars = 0
  parser.on('error', (error) => fail(error.message.replace(/^[\d:]+\s*/, '')))
  parser.on('doctype', (declared) => {
    if (/<!ENTITY/i.test(declared)) fail('it declares entities')
    if (declared.length > MOST_DOCTYPE_CHARS) fail('its DOCTYPE is too large')
  })
  parser.on('opentag', ({ name, attributes }) => {
    begun = true
    since = 0
    const record: XmlRecord = { name, attributes, text: '', children: [] }
    if (inside > 0) above.at(-1)!.children.push(record)
    else if (names.has(name)) chars = 0
    if (inside > 0 || names.has(name)) inside += 1
    above.push(record)
    if (above.length > DEEPEST) fail(`its elements go deeper than ${DEEPEST}`)
  })
  const take = (part: string): void => {
    if (inside === 0) return
    chars += part.length
    if (chars > MOST_RECORD_CHARS) fail('a record is too large')
    above.at(-1)!.text += part
  }
  parser.on('text', take)
  parser.on('cdata', take)
  parser.on('closetag', () => {
    since = 0
    const record = above.pop()!
    if (inside > 0) inside -= 1
    if (inside === 0 && names.has(record.name)) found(record, above)
  })
  try {
    for await (const part of text) {
      // The parser keeps text until a tag ends it.
      since += part.length
      parser.write(part)
      if (since > (begun ? MOST_RECORD_CHARS : MOST_DOCTYPE_CHARS * 4)) fail('a text is too large')
    }
    parser.close()
  } catch (error) {
    if (error instanceof KanpekiError) throw error
    fail(error instanceof Error ? error.message : String(error))
  }
}

/** The text of the first child of a name, with all below it; empty where there is none. */
export function childText(record: XmlRecord, name: string): string {
  return record.children.find((child) => child.name === name)?.text.trim() ?? ''
}
