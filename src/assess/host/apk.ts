import { makePurl, writePurl } from '../purl/purl.ts'
import type { Installed } from '../scan/findings.ts'
import type { OsRelease } from './os-release.ts'

/** Reads apk's `installed` database: stanzas of one-letter fields, with the origin by which Alpine's advisories go. */
export function readApkInstalled(text: string, os: OsRelease | undefined, place: string): readonly Installed[] {
  const installed: Installed[] = []
  for (const stanza of text.split(/\n\n+/)) {
    const field = (letter: string): string | undefined => new RegExp(`^${letter}:(.*)$`, 'm').exec(stanza)?.[1]?.trim()
    const [name, version, arch, origin] = [field('P'), field('V'), field('A'), field('o')]
    if (name === undefined || version === undefined) continue
    const qualifiers = {
      ...(arch === undefined ? {} : { arch }),
      ...(os?.version == null ? {} : { distro: `${os.id}-${os.version}` }),
      upstream: origin ?? name,
    }
    const purl = writePurl(makePurl({ type: 'apk', namespace: os?.id ?? 'alpine', name, version, qualifiers }))
    installed.push({ name, version, purl, place })
  }
  return installed
}
