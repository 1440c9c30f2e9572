const TEXT_OF_XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** As the inside of a JSON string. */
const inJson = (value: string): string => JSON.stringify(value).slice(1, -1)

/** As above, with everything beyond ASCII escaped, as many writers of JSON do. */
const inAsciiJson = (value: string, digits: (hex: string) => string): string =>
  inJson(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${digits(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`)

const inXml = (value: string, apostrophe: string): string => value.replace(/[&<>"']/g, (sign) => TEXT_OF_XML[sign] ?? apostrophe)

/**
 * The ways in which the line that a value came from may write it: as it is, inside JSON (also JSON within JSON), and inside
 * XML. A name with a backslash or beyond ASCII stands in no line of JSON as it is.
 *
 * @param hex also as auditd writes what a user chose: the bytes in hexadecimal.
 */
export function writtenForms(value: string, hex: boolean): ReadonlySet<string> {
  const forms = new Set([value])
  if (/[^\w .@:$-]/.test(value)) {
    const json = inJson(value)
    forms.add(json).add(inJson(json))
    for (const digits of [(text: string) => text, (text: string) => text.toUpperCase()]) {
      const ascii = inAsciiJson(value, digits)
      forms.add(ascii).add(inJson(ascii))
    }
    // What is quoted by apostrophes leaves quotation marks alone, and the other way round.
    for (const apostrophe of ["'", '&apos;', '&#39;', '&#x27;']) {
      const xml = inXml(value, apostrophe)
      forms.add(xml).add(xml.replaceAll('&quot;', '"'))
    }
    forms.add(json.replaceAll('/', '\\/'))
  }
  if (hex) forms.add(Buffer.from(value).toString('hex').toUpperCase())
  return forms
}
