import { Collected, type Reading } from './reading.ts'
import { writtenIndicator } from './written.ts'

/** A comment begins a line, or stands behind a blank. */
const COMMENT = /(?:^|\s)(?:#|;|\/\/).*$/

/** One indicator a line, blank lines and comments left out; a hosts file (`0.0.0.0 bad.example`) gives its names. */
export function readPlain(text: string): Reading {
  const collected = new Collected()
  let number = 0
  for (const line of text.split('\n')) {
    number += 1
    const words = line
      .replace(/^\uFEFF/, '')
      .replace(COMMENT, '')
      .trim()
    if (words === '') continue
    const [first = '', ...rest] = words.split(/\s+/)
    const isHosts = (first === '0.0.0.0' || first === '127.0.0.1' || first === '::') && rest.length > 0
    for (const word of isHosts ? rest : [first]) {
      const indicator = writtenIndicator(word)
      if (indicator === undefined)
        collected.skip(number, `neither an address, a network, a domain, a URL nor a hash: ${word.slice(0, 80)}`)
      else collected.indicators.push(indicator)
    }
  }
  return collected
}
