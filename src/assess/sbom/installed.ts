import { KanpekiError } from '../../kernel/error.ts'
import { makePurl, parsePurl, writePurl } from '../purl/purl.ts'
import type { Component } from './bom.ts'

/**
 * A component as it is judged: with the source package that its distribution's advisories go by, where the bill says it beside
 * the package URL, and by its CPE where it has no package URL.
 */
export function installedOf({
  name,
  version,
  purl,
  cpe,
  source,
}: Pick<Component, 'name' | 'version' | 'purl' | 'cpe' | 'source'>): Pick<Component, 'name' | 'version' | 'purl'> {
  if (purl === null) return { name, version, purl: cpe === null ? null : purlOfCpe(cpe, version) }
  return { name, version, purl: source === undefined ? purl : withSource(purl, source) }
}

const BY_SOURCE: ReadonlySet<string> = new Set(['apk', 'deb', 'rpm'])

function withSource(purl: string, { name, version }: NonNullable<Component['source']>): string {
  try {
    const parsed = parsePurl(purl)
    if (!BY_SOURCE.has(parsed.type) || parsed.qualifiers?.['upstream'] !== undefined) return purl
    const upstream =
      parsed.type === 'rpm' ? `${name}-${version.replace(/^\d+:/, '')}.src.rpm` : version === '' ? name : `${name}@${version}`
    return writePurl(makePurl({ ...parsed, qualifiers: { ...parsed.qualifiers, upstream } }))
  } catch (error) {
    // What is no package URL is said where it is judged.
    if (error instanceof KanpekiError) return purl
    throw error
  }
}

/** `cpe:2.3:a:vendor:product:version:…` or `cpe:/a:vendor:product:version`: of applications only, as NVD's are read. */
function purlOfCpe(cpe: string, version: string | null): string | null {
  const [part, , product = '', own = ''] = (cpe.replace(/^cpe:(2\.3:|\/)/i, '').match(/(?:\\.|[^:\\])+/g) ?? []).map((text) =>
    text.replaceAll(/\\(.)/g, '$1'),
  )
  const at = version ?? (own === '*' || own === '-' || own === '' ? null : own)
  if (part !== 'a' || product === '' || product === '*' || product === '-') return null
  return writePurl(makePurl({ type: 'generic', name: product, ...(at === null ? {} : { version: at }), qualifiers: { cpe } }))
}
