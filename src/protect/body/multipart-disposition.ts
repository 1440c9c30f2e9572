/** What `Content-Disposition` of a part says. */
export interface Disposition {
  readonly name: string
  /** Two where `filename` and `filename*` differ. */
  readonly filenames: readonly string[]
  /** True where a server may take the part for a field: no file name, an empty one, or one in `filename*` alone. */
  readonly isField: boolean
}

const NOTHING: Disposition = { name: '', filenames: [], isField: true }

// Blanks are named: `\s` would take the byte A0 in, which is a part of many letters in UTF-8.

/** Reads `Content-Disposition: form-data; name="a"; filename="b"`; what is out of order is told by its flag. */
export function readDisposition(header: string | undefined, flags: Set<string>): Disposition {
  const value = header?.slice(header.indexOf(':') + 1)
  if (value === undefined || !/^[ \t]*form-data[ \t]*(?:;|$)/i.test(value)) {
    flags.add('MULTIPART_INVALID_PART')
    if (value === undefined) return NOTHING
  }
  let name: string | undefined
  const filenames: string[] = []
  let plain: string | undefined
  for (const [parameter, text] of readParameters(value!, flags)) {
    if (parameter === 'name') {
      if (name !== undefined) flags.add('MULTIPART_INVALID_PART')
      name ??= text
    } else if (parameter === 'filename') {
      if (plain !== undefined) flags.add('MULTIPART_INVALID_PART')
      plain ??= text
      if (!filenames.includes(text)) filenames.push(text)
    } else if (parameter === 'filename*') {
      const decoded = decodeExtended(text)
      if (!filenames.includes(decoded)) filenames.push(decoded)
    } else flags.add('MULTIPART_INVALID_PART')
  }
  // PHP and others do not know `filename*`: to them such a part is a field.
  if (name === undefined || (plain === undefined && filenames.length > 0)) flags.add('MULTIPART_INVALID_PART')
  return { name: name ?? '', filenames, isField: plain === undefined || plain === '' }
}

function readParameters(value: string, flags: Set<string>): [string, string][] {
  const parameters: [string, string][] = []
  let at = /^[ \t]*[^ \t;=]*/.exec(value)![0].length
  while (at < value.length) {
    const parted = /^[ \t;]*/.exec(value.slice(at))![0]
    at += parted.length
    if (at >= value.length) break
    if (!parted.includes(';')) flags.add('MULTIPART_MISSING_SEMICOLON')
    if (parted.indexOf(';') !== parted.lastIndexOf(';')) flags.add('MULTIPART_INVALID_PART')
    const match = /^([^ \t=;"']+)[ \t]*=[ \t]*/.exec(value.slice(at))
    if (match === null) {
      flags.add('MULTIPART_INVALID_PART')
      break
    }
    at += match[0].length
    const parameter = match[1]!.toLowerCase()
    // To a server that minds the case, `FILENAME` makes no file.
    if (parameter !== match[1]) flags.add('MULTIPART_INVALID_PART')
    const read = readValue(value, at, parameter.endsWith('*'), flags)
    parameters.push([parameter, read.text])
    at = read.end
  }
  return parameters
}

/** `isExtended`: a value of RFC 8187, which has two single quotes. */
function readValue(value: string, at: number, isExtended: boolean, flags: Set<string>): { text: string; end: number } {
  const quote = value[at]
  if (quote !== '"' && quote !== "'") {
    const text = /^[^;]*/.exec(value.slice(at))![0]
    // A quote within a bare value is read in different ways by different servers.
    if (/["']/.test(isExtended ? text.replace(EXTENDED, '') : text)) flags.add('MULTIPART_INVALID_QUOTING')
    const bare = text.replace(/[ \t]+$/, '')
    if (/[ \t]/.test(bare)) flags.add('MULTIPART_INVALID_QUOTING')
    return { text: bare, end: at + text.length }
  }
  if (quote === "'") flags.add('MULTIPART_INVALID_QUOTING')
  let text = ''
  for (let index = at + 1; index < value.length; index++) {
    const sign = value[index]!
    if (sign === quote) {
      if (!/^[ \t]*(?:;|$)/.test(value.slice(index + 1, index + 32))) flags.add('MULTIPART_INVALID_QUOTING')
      return { text, end: index + 1 }
    }
    // Only an escaped quote or backslash is one: browsers send paths of Windows as they are.
    if (sign === '\\' && (value[index + 1] === quote || value[index + 1] === '\\')) index += 1
    text += value[index]
  }
  flags.add('MULTIPART_INVALID_QUOTING')
  return { text, end: value.length }
}

/** Character set and language, before the text itself. */
const EXTENDED = /^[A-Za-z0-9!#$&+^_`{}~-]+'[A-Za-z0-9-]*'/

/** `UTF-8''na%C3%AFve.txt` (RFC 8187), as its bytes. */
function decodeExtended(text: string): string {
  const encoded = text.slice(text.lastIndexOf("'") + 1)
  return encoded.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
