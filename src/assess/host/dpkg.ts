import { makePurl, writePurl } from '../purl/purl.ts'
import type { Installed } from '../scan/findings.ts'
import type { OsRelease } from './os-release.ts'

export interface DpkgPackage {
  readonly name: string
  readonly version: string
  readonly arch: string | undefined
  /** As written: the source package, with its version in parentheses where that is another. */
  readonly source: string | undefined
}

/** Stanzas of dpkg's `status` (deb822; also the single files of `status.d` in distroless images) that are installed. */
export function dpkgPackages(text: string): readonly DpkgPackage[] {
  const found: DpkgPackage[] = []
  for (const stanza of text.split(/\n(?:[ \t]*\n)+/)) {
    const field = (name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, 'mi').exec(stanza)?.[1]?.trim()
    const name = field('Package')
    const version = field('Version')
    const status = field('Status')
    // `deinstall ok config-files` is what a removed package leaves.
    if (name === undefined || version === undefined || (status !== undefined && !/\sinstalled$/.test(status))) continue
    found.push({ name, version, arch: field('Architecture'), source: field('Source') })
  }
  return found
}

/** What is installed by dpkg, with its source package, by which Debian's and Ubuntu's advisories go. */
export function readDpkgStatus(text: string, os: OsRelease | undefined, place: string): readonly Installed[] {
  return dpkgPackages(text).map(({ name, version, arch, source: written }) => {
    const [, source = name, sourceVersion] = /^(\S+)(?:\s+\(([^)]+)\))?$/.exec(written ?? '') ?? []
    const upstream = sourceVersion === undefined ? source : `${source}@${sourceVersion}`
    return { name, version, purl: debPurl(name, version, arch, upstream, os), place }
  })
}

function debPurl(name: string, version: string, arch: string | undefined, upstream: string, os: OsRelease | undefined): string {
  const qualifiers = {
    ...(arch === undefined ? {} : { arch }),
    ...(os?.version == null ? {} : { distro: `${os.id}-${os.version}` }),
    upstream,
  }
  return writePurl(makePurl({ type: 'deb', namespace: os?.id ?? 'debian', name, version, qualifiers }))
}
