import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { KanpekiError } from '../kernel/error.ts'
import { loadRules } from '../protect/seclang/load.ts'
import { type AddedPack, PACK_MANIFEST, type PackManifest } from './content-packs.ts'

const MAX_FILE_BYTES = 4 * 1024 * 1024
/** Debian keeps the set-up file apart from the rules. */
const DEBIAN_SETUP = '/etc/modsecurity/crs/crs-setup.conf'

/** What the rule set expects of the engine, and leaves to whoever installs it. */
const BASE = `# Written by kanpeki content add crs
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+\\+)?json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
`

/**
 * Copies the OWASP Core Rule Set (a clone, a release, or Debian's modsecurity-crs) into one folder below `folder` that
 * \`kanpeki waf --rules\` takes as it is, in place of an earlier one, and says what of it is understood.
 * @param now milliseconds UTC.
 * @throws KanpekiError `usage` for a folder without the rule set; nothing is changed then.
 */
export async function addCrs(folder: string, from: string, now: number): Promise<AddedPack> {
  const debian = existsSync(join(from, 'owasp-crs.load')) ? [DEBIAN_SETUP] : []
  const setup = [join(from, 'crs-setup.conf'), join(from, 'crs-setup.conf.example'), ...debian].find(existsSync)
  const rules = join(from, 'rules')
  const names = existsSync(rules)
    ? readdirSync(rules)
        .filter((name) => isTaken(join(rules, name)))
        .sort()
    : []
  if (setup === undefined || !names.some((name) => /^REQUEST-901-.*\.conf$/.test(name)))
    throw new KanpekiError('usage', `${from} does not hold the Core Rule Set.`, {
      remedy:
        'Give the folder of a clone or release, or /usr/share/modsecurity-crs: it has crs-setup.conf (or .example) and rules/.',
    })
  const fresh = join(folder, '.crs.new')
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const digest = createHash('sha256')
  const put = async (name: string, content: string | Buffer) => {
    await writeFile(join(fresh, name), content)
    digest.update(`${name}\0`).update(content).update('\0')
  }
  await put('00-base.conf', BASE)
  await put('01-crs-setup.conf', readFileSync(setup))
  for (const name of names) await put(name, readFileSync(join(rules, name)))
  const files = readdirSync(fresh)
    .filter((name) => name.endsWith('.conf'))
    .sort()
  const set = loadRules({ files: files.map((name) => join(fresh, name)) })
  const manifest: PackManifest = {
    name: 'crs',
    from,
    added: new Date(now).toISOString(),
    licence: 'Apache-2.0',
    files: names.length + 2,
    sha256: digest.digest('hex'),
    loaded: set.loaded,
    refused: set.refused.length,
  }
  await writeFile(join(fresh, PACK_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`)
  await rm(join(folder, 'crs'), { recursive: true, force: true })
  await rename(fresh, join(folder, 'crs'))
  return {
    ...manifest,
    refusals: set.refused.map((refusal) => ({ ...refusal, code: 'seclang', file: relative(fresh, refusal.file) })),
  }
}

/** Rules and what they read; neither links nor examples. */
function isTaken(path: string): boolean {
  const stat = lstatSync(path)
  return stat.isFile() && stat.size <= MAX_FILE_BYTES && /\.(?:conf|data)$/.test(path)
}
