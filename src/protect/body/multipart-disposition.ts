/** What `Content-Disposition` of a part says. `filenames` has two where `filename` and `filename*` differ. */
export interface Disposition {
  readonly name: string
  readonly filenames: readonly string[]
}

const NOTHING: Disposition = { name: '', filenames: [] }

/** Reads `Content-Disposition: form-data; name="a"; filename="b"`; what is out of order is told by its flag. */
export function readDisposition(header: string | undefined, flags: Set<string>): Disposition {
  const value = header?.slice(header.indexOf(':') + 1)
  if (value === undefined || !/^\s*form-data\b/i.test(value)) {
    flags.add('MULTIPART_INVALID_PART')
    if (value === undefined) return NOTHING
  }
  let name: string | undefined
  const filenames: string[] = []
  for (const [parameter, text] of readParameters(value!, flags)) {
    if (parameter === 'name') {
      if (name !== undefined) flags.add('MULTIPART_INVALID_PART')
      name ??= text
    } else if (parameter === 'filename') {
      if (filenames.length > 0) flags.add('MULTIPART_INVALID_PART')
      filenames.push(text)
    } else if (parameter === 'filename*') {
      const decoded = decodeExtended(text)
      if (!filenames.includes(decoded)) filenames.push(decoded)
    } else flags.add('MULTIPART_INVALID_PART')
  }
  if (name === undefined) flags.add('MULTIPART_INVALID_PART')
  return { name: name ?? '', filenames }
}

function readParameters(value: string, flags: Set<string>): [string, string][] {
  const parameters: [string, string][] = []
  let at = /^\s*[^\s;=]*/.exec(value)![0].length
  while (at < value.length) {
    const parted = /^[\s;]*/.exec(value.slice(at))![0]
    at += parted.length
    if (at >= value.length) break
    if (!parted.includes(';')) flags.add('MULTIPART_MISSING_SEMICOLON')
    const match = /^([^\s=;"']+)\s*=\s*/.exec(value.slice(at))
    if (match === null) {
      flags.add('MULTIPART_INVALID_PART')
      break
    }
    at += match[0].length
    const read = readValue(value, at, flags)
    parameters.push([match[1]!.toLowerCase(), read.text])
    at = read.end
  }
  return parameters
}

function readValue(value: string, at: number, flags: Set<string>): { text: string; end: number } {
  const quote = value[at]
  if (quote !== '"' && quote !== "'") {
    const text = /^[^;]*/.exec(value.slice(at))![0]
    // A quote within a bare value is read in different ways by different servers.
    if (/["']/.test(text)) flags.add('MULTIPART_INVALID_QUOTING')
    return { text: text.trimEnd(), end: at + text.length }
  }
  if (quote === "'") flags.add('MULTIPART_INVALID_QUOTING')
  let text = ''
  for (let index = at + 1; index < value.length; index++) {
    const sign = value[index]!
    if (sign === quote) {
      if (!/^\s*(?:;|$)/.test(value.slice(index + 1, index + 32))) flags.add('MULTIPART_INVALID_QUOTING')
      return { text, end: index + 1 }
    }
    // Only an escaped quote or backslash is one: browsers send paths of Windows as they are.
    if (sign === '\\' && (value[index + 1] === quote || value[index + 1] === '\\')) index += 1
    text += value[index]
  }
  flags.add('MULTIPART_INVALID_QUOTING')
  return { text, end: value.length }
}

/** `UTF-8''na%C3%AFve.txt` (RFC 8187), as its bytes. */
function decodeExtended(text: string): string {
  const encoded = text.slice(text.lastIndexOf("'") + 1)
  return encoded.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
