import { makePurl, writePurl } from '../purl/purl.ts'
import type { Installed } from '../scan/findings.ts'
import type { OsRelease } from './os-release.ts'

/**
 * Reads dpkg's `status` (deb822; also the single files of `status.d` in distroless images): what is installed, with its source
 * package, by which Debian's and Ubuntu's advisories go.
 */
export function readDpkgStatus(text: string, os: OsRelease | undefined, place: string): readonly Installed[] {
  const installed: Installed[] = []
  for (const stanza of text.split(/\n(?:[ \t]*\n)+/)) {
    const field = (name: string): string | undefined => new RegExp(`^${name}:[ \\t]*(.*)$`, 'mi').exec(stanza)?.[1]?.trim()
    const name = field('Package')
    const version = field('Version')
    const status = field('Status')
    // `deinstall ok config-files` is what a removed package leaves.
    if (name === undefined || version === undefined || (status !== undefined && !/\sinstalled$/.test(status))) continue
    const [, source = name, sourceVersion] = /^(\S+)(?:\s+\(([^)]+)\))?$/.exec(field('Source') ?? '') ?? []
    const upstream = sourceVersion === undefined ? source : `${source}@${sourceVersion}`
    installed.push({ name, version, purl: debPurl(name, version, field('Architecture'), upstream, os), place })
  }
  return installed
}

function debPurl(name: string, version: string, arch: string | undefined, upstream: string, os: OsRelease | undefined): string {
  const qualifiers = {
    ...(arch === undefined ? {} : { arch }),
    ...(os?.version == null ? {} : { distro: `${os.id}-${os.version}` }),
    upstream,
  }
  return writePurl(makePurl({ type: 'deb', namespace: os?.id ?? 'debian', name, version, qualifiers }))
}
