import { makePurl, writePurl } from '../purl/purl.ts'
import type { Installed } from '../scan/findings.ts'
import type { OsRelease } from './os-release.ts'

export interface ApkPackage {
  readonly name: string
  readonly version: string
  readonly arch: string | undefined
  readonly origin: string | undefined
}

/** Stanzas of apk's `installed` database: fields of one letter. */
export function apkPackages(text: string): readonly ApkPackage[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const field = (letter: string): string | undefined => new RegExp(`^${letter}:(.*)$`, 'm').exec(stanza)?.[1]?.trim()
    const [name, version] = [field('P'), field('V')]
    return name === undefined || version === undefined ? [] : [{ name, version, arch: field('A'), origin: field('o') }]
  })
}

/** What is installed by apk, with the origin by which Alpine's advisories go. */
export function readApkInstalled(text: string, os: OsRelease | undefined, place: string): readonly Installed[] {
  return apkPackages(text).map(({ name, version, arch, origin = name }) => {
    const qualifiers = {
      ...(arch === undefined ? {} : { arch }),
      ...(os?.version == null ? {} : { distro: `${os.id}-${os.version}` }),
      upstream: origin,
    }
    return {
      name,
      version,
      purl: writePurl(makePurl({ type: 'apk', namespace: os?.id ?? 'alpine', name, version, qualifiers })),
      place,
    }
  })
}
