import { type RpmReading, readRpmDatabase } from '../../platform/rpm/database.ts'
import { type RpmPackage, rpmVersion } from '../../platform/rpm/header.ts'
import { makePurl, writePurl } from '../purl/purl.ts'
import type { Installed } from '../scan/findings.ts'
import type { OsRelease } from './os-release.ts'

/** What rpm says is installed, and the files of it, without a slash before them. @throws KanpekiError `rpm_database`. */
export function readRpm(
  file: string,
  os: OsRelease | undefined,
  place: string,
): Pick<RpmReading, 'problems'> & { readonly installed: readonly Installed[]; readonly files: readonly string[] } {
  const { packages, problems } = readRpmDatabase(file)
  return {
    problems,
    installed: packages.map((one) => ({ name: one.name, version: rpmVersion(one), purl: rpmPurl(one, os), place })),
    files: packages.flatMap(({ files }) => files.map((path) => path.replace(/^\//, ''))),
  }
}

/** Advisories for rpm name binary packages; which source they were built from stands there for people. */
function rpmPurl({ name, version, release, epoch, arch, sourceRpm }: RpmPackage, os: OsRelease | undefined): string {
  const qualifiers = {
    ...(arch === undefined ? {} : { arch }),
    ...(os?.version == null ? {} : { distro: `${os.id}-${os.version}` }),
    ...(epoch === undefined || epoch === 0 ? {} : { epoch: String(epoch) }),
    ...(sourceRpm === undefined ? {} : { upstream: sourceRpm }),
  }
  const namespace = os?.id === 'rhel' ? 'redhat' : os?.id
  return writePurl(
    makePurl({
      type: 'rpm',
      name,
      version: `${version}-${release}`,
      qualifiers,
      ...(namespace === undefined ? {} : { namespace }),
    }),
  )
}
