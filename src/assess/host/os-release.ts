/** What a root folder's `os-release` says (os-release(5)). */
export interface OsRelease {
  readonly id: string
  readonly version: string | null
}

/** Reads the two fields that matter; quotes are taken off as a shell would. Undefined without an ID. */
export function readOsRelease(text: string): OsRelease | undefined {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, value.replace(/^(["'])(.*)\1$/, '$2').replace(/\\(.)/g, '$1'))
  }
  const id = fields.get('ID')
  if (id === undefined || id === '') return undefined
  const version = fields.get('VERSION_ID') ?? null
  // openEuler tells its service packs in VERSION alone ("24.03 (LTS-SP1)"), and its advisories go by them.
  const pack = /\((LTS(?:-SP\d+)?)\)/.exec(fields.get('VERSION') ?? '')?.[1]
  if (id.toLowerCase() === 'openeuler' && version !== null && pack !== undefined)
    return { id: 'openeuler', version: `${version}-${pack}` }
  return { id: id.toLowerCase(), version }
}
