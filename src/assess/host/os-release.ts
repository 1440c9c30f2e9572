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
  return id === undefined || id === '' ? undefined : { id: id.toLowerCase(), version: fields.get('VERSION_ID') ?? null }
}
