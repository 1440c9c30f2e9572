import { makePurl, writePurl } from '../purl/purl.ts'
import type { Installed } from '../scan/findings.ts'
import { readZip } from './zip.ts'

/** Archives in one archive: entries may name the same bytes, so that a few kB would hold a hundred million. */
const MOST_NESTED = 10_000

/** War in ear, jar in war: what is nested deeper than this nobody wrote on purpose. */
const MOST_DEPTH = 4
const NESTED = /\.(jar|war|ear|par|hpi)$/i
const POM = /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/

export function isJar(name: string): boolean {
  return NESTED.test(name)
}

/**
 * What Maven wrote into a Java archive of what is in it, shaded and nested archives too. An archive without that is named in
 * `left`: its file name is no coordinate.
 * @throws KanpekiError `zip_invalid`.
 */
export function readJar(
  bytes: Buffer,
  file: string,
  left: string[] = [],
  depth = 0,
  nested = { archives: 0 },
): readonly Installed[] {
  const installed: Installed[] = []
  let own = 0
  for (const entry of readZip(bytes, file, (name) => POM.test(name) || NESTED.test(name))) {
    const place = `${file}!${entry.name}`
    if (NESTED.test(entry.name)) {
      nested.archives += 1
      if (depth + 1 > MOST_DEPTH) left.push(`${place}: nested too deep`)
      else if (nested.archives > MOST_NESTED) {
        left.push(`${place}: more than ${MOST_NESTED} archives in one; the rest is not read`)
        return installed
      } else for (const one of readJar(entry.bytes, place, left, depth + 1, nested)) installed.push(one)
      continue
    }
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}=(.*)$`, 'm').exec(entry.bytes.toString('latin1'))?.[1]?.trim()
    const [group, name, version] = [field('groupId'), field('artifactId'), field('version')]
    if (group === undefined || name === undefined || version === undefined) continue
    own += 1
    const purl = writePurl(makePurl({ type: 'maven', namespace: group, name, version }))
    installed.push({ name: `${group}:${name}`, version, purl, place: file })
  }
  if (own === 0 && installed.length === 0) left.push(file)
  return installed
}
