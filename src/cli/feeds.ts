import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { placeDocument } from '../assess/feeds/csaf-place.ts'
import { fetchProvider } from '../assess/feeds/csaf-provider.ts'
import { fetchFeed } from '../assess/feeds/fetch-feed.ts'
import { type FeedFile, type Feeds, loadFeeds } from '../assess/feeds/load.ts'
import { FEED_IDS, publishedFeeds } from '../assess/feeds/published.ts'
import { checkPublishedHash } from '../assess/feeds/published-hash.ts'
import { KanpekiError } from '../kernel/error.ts'
import { createOutgoing } from '../platform/outgoing/outgoing.ts'
import { command } from './command.ts'
import { EXIT, takesAtMost } from './options.ts'
import { terminalLog } from './terminal-log.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki feeds update [--only NAME]… [--ecosystem NAME]… [--mirror URL] [--data DIR]
       kanpeki feeds update --csaf URL… [--data DIR]
       kanpeki feeds update --from PATH… [--data DIR]
       kanpeki feeds status [--data DIR] [--json]

Without --from, fetches what changed since the last time: osv, kev and epss, or what --only names (osv, kev, epss, debian, nvd, jvn); a run that
was cut off goes on where it stopped. --ecosystem names those of OSV (default 'usual': npm, PyPI, Go, Maven, crates.io, NuGet, RubyGems,
Packagist), or 'distributions' (Debian, Ubuntu, Alpine, Red Hat and others), or 'all' that something can be looked up in;
--csaf fetches what vendors publish in CSAF: the address of a provider-metadata.json, also one that is not public; alone, or beside
--only. Each document is held to its published SHA-512 or SHA-256; OpenPGP signatures are not checked.
--mirror a server of your own that has the same files, also one that is not public. With --from, takes them over where there is no network:
OSV (all.zip of an ecosystem, .json, .jsonl), CISA's KEV, Debian's tracker, CSAF, NVD 2.0, CVE 5 (.json, .json.gz), FIRST's EPSS (.csv, .csv.gz),
OVAL of Red Hat and Ubuntu, JVN iPedia (.xml, .rdf, .xml.gz).

Each file is read whole before it replaces the one before; one that cannot be read changes nothing.

Exit: 0 up to date, 1 some file was refused or could not be fetched, 64 wrong usage.
`

/** `kanpeki feeds`. */
export function feedsCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      from: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      ecosystem: { type: 'string', multiple: true, default: [] },
      mirror: { type: 'string' },
      csaf: { type: 'string', multiple: true, default: [] },
      data: { type: 'string', default: './data' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [verb] = positionals
      takesAtMost(1, positionals, USAGE)
      const folder = join(values.data, 'feeds')
      if (verb === 'update' && values.from !== undefined) return await update(values.from, folder)
      if (verb === 'update') return await fetchAll(folder, values)
      if (verb === 'status') return await status(folder, values.json)
      throw new KanpekiError('usage', 'It knows update and status.', { remedy: `\n${USAGE}` })
    },
  )
}

async function fetchAll(
  folder: string,
  {
    csaf,
    only = csaf.length > 0 ? [] : ['osv', 'kev', 'epss'],
    ecosystem,
    mirror,
  }: {
    readonly csaf: readonly string[]
    readonly only?: readonly string[] | undefined
    readonly ecosystem: readonly string[]
    readonly mirror?: string | undefined
  },
): Promise<number> {
  const base = mirror === undefined ? undefined : URL.parse(mirror.endsWith('/') ? mirror : `${mirror}/`)
  if (base === null || (base !== undefined && !/^https?:$/.test(base.protocol)))
    throw new KanpekiError('usage', `${mirror} is not the URL of a mirror.`)
  // Whoever names a mirror means it, wherever it stands.
  const { fetch } = createOutgoing({
    allow: base === undefined ? [] : [base.hostname.replace(/^\[|\]$/g, '')],
    log: terminalLog(),
  })
  const wanted = only.map((name) => {
    const id = FEED_IDS.find((one) => one === name)
    if (id === undefined)
      throw new KanpekiError('usage', `There is no feed ${name}.`, { remedy: `Choose ${FEED_IDS.join(', ')}.` })
    return id
  })
  const providers = csaf.map(providerOf)
  let failed = 0
  for (const provider of providers) if (!(await fetchCsaf(provider, folder))) failed += 1
  for (const { id, url, path, hash } of wanted.flatMap((one) => publishedFeeds(one, ecosystem, new Date().getUTCFullYear()))) {
    const address = base === undefined ? url : new URL(path, base).href
    try {
      let items = 0
      let unhashed = false
      const check = async (half: string): Promise<void> => {
        if (hash !== undefined) {
          const place = base === undefined ? hash.url : new URL(hash.path, base).href
          unhashed = !(await checkPublishedHash(fetch, { ...hash, url: place }, address, half))
        }
        const { files, problems } = await loadFeeds([half])
        items = files[0]?.items ?? 0
        if (items === 0)
          throw new KanpekiError('feed_invalid', `${address} is no such feed: ${problems[0]?.reason ?? 'it is empty'}.`, {
            remedy: 'The one before stays.',
          })
      }
      const fetched = await fetchFeed(fetch, { url: address, file: join(folder, path), check })
      process.stderr.write(
        `${plain(id)}: ${fetched === 'unchanged' ? 'unchanged' : `${items} entries${unhashed ? ', not checked: its hash is not there' : ''}`}\n`,
      )
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      failed += 1
      process.stderr.write(`kanpeki: ${plain(error.describe())}\n`)
    }
  }
  return failed === 0 ? EXIT.ok : EXIT.failed
}

function providerOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || !url.pathname.endsWith('.json'))
    throw new KanpekiError('usage', `${text} is not the URL of a provider-metadata.json.`)
  return url
}

/** @returns whether all that the provider lists is here. */
async function fetchCsaf(provider: URL, folder: string): Promise<boolean> {
  // Whoever names a provider means it, wherever it stands; where its lists point to, only if that is public.
  const { fetch } = createOutgoing({ allow: [provider.hostname.replace(/^\[|\]$/g, '')], log: terminalLog() })
  try {
    const { fresh, unchanged, unhashed, failures } = await fetchProvider(fetch, provider.href, join(folder, 'csaf'))
    for (const failure of failures) process.stderr.write(`kanpeki: ${plain(failure.describe())}\n`)
    process.stderr.write(
      `csaf ${plain(provider.host)}: ${fresh} new documents, ${unchanged} unchanged${unhashed === 0 ? '' : `, ${unhashed} without a published hash`}${failures.length === 0 ? '' : `, ${failures.length} refused or not had`}\n`,
    )
    return failures.length === 0
  } catch (error) {
    if (!(error instanceof KanpekiError)) throw error
    process.stderr.write(`kanpeki: ${plain(error.describe())}\n`)
    return false
  }
}

async function update(from: readonly string[], folder: string): Promise<number> {
  let refused = 0
  for (const path of from) {
    const { files, problems } = await loadFeeds([path])
    tellProblems(problems)
    // A file of which nothing could be read is no feed; a document of CSAF that says nothing any more takes the place of what it said.
    const good = files.filter(({ items, kind }) => items > 0 || kind === 'csaf')
    refused += files.length - good.length + problems.filter(({ file }) => !files.some((one) => file.startsWith(one.file))).length
    for (const one of good) {
      const { file, kind, items } = one
      try {
        if (kind === 'csaf') await placeDocument(await readFile(file), file, join(folder, kind, ...csafPath(file, path)))
        else await take(one, join(folder, kind), from.length === 1 ? path : '')
        process.stderr.write(`${plain(file)}: ${items} ${kind === 'osv' || kind === 'csaf' ? 'advisories' : 'entries'}\n`)
      } catch (error) {
        if (!(error instanceof KanpekiError)) throw error
        refused += 1
        process.stderr.write(`kanpeki: ${plain(error.describe())}\n`)
      }
    }
  }
  return refused === 0 ? EXIT.ok : EXIT.failed
}

/** Vendors call their documents alike (`cve-2026-1.json`): they stay in the folders that they are taken from. */
function csafPath(file: string, root: string): readonly string[] {
  const parts = relative(root, file)
    .split(sep)
    .filter((part) => part !== '')
  if (parts.length === 0) return [basename(file)]
  return parts.length > 1 && parts[0] === 'csaf' ? parts.slice(1) : parts
}

/** OSV calls every ecosystem's file all.zip: the folder's name goes before it. Half a copy never takes the place of a whole one. */
async function take({ file, kind }: FeedFile, folder: string, root: string): Promise<void> {
  const parts = file
    .slice(root.length)
    .split('/')
    .filter((part) => part !== '')
  const name = kind === 'osv' && parts.length > 1 ? parts.slice(-2).join('-') : basename(file)
  await mkdir(folder, { recursive: true })
  const half = join(folder, `.${name}.part`)
  try {
    await copyFile(file, half)
    await rename(half, join(folder, name))
  } finally {
    await rm(half, { force: true })
  }
}

async function status(folder: string, json: boolean): Promise<number> {
  const { files, problems, advisories, kev, epss, unmatched } = await loadFeeds([folder])
  const told = {
    advisories: advisories.size,
    newest: advisories.newest,
    ecosystems: Object.fromEntries([...advisories.ecosystems].sort()),
    kev: kev === null ? null : { released: kev.released, entries: kev.byCve.size },
    epss: epss === null ? null : { date: epss.date, scores: epss.byCve.size },
    unmatched,
    files,
    problems,
  }
  if (json) process.stdout.write(`${JSON.stringify(told)}\n`)
  else {
    for (const { kind, items, name } of linesOf(files))
      process.stdout.write(`${kind.padEnd(6)} ${String(items).padStart(8)}  ${plain(name)}\n`)
    process.stdout.write(
      `${advisories.size} advisories, newest ${advisories.newest ?? 'none'}; KEV ${kev?.released ?? 'none'}; EPSS ${epss?.date ?? 'none'}\n`,
    )
    if (unmatched > 0) process.stdout.write(`${unmatched} products in CSAF could not be matched with any package\n`)
    tellProblems(problems)
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed
}

/** A vendor publishes a document for each of thousands of advisories: those of one folder share a line. */
function linesOf(
  files: readonly FeedFile[],
): readonly { readonly kind: string; readonly items: number; readonly name: string }[] {
  const documents = Map.groupBy(
    files.filter(({ kind }) => kind === 'csaf'),
    ({ file }) => dirname(file),
  )
  return [
    ...files.filter(({ kind }) => kind !== 'csaf').map(({ kind, items, file }) => ({ kind, items, name: file })),
    ...[...documents].map(([folder, some]) => ({
      kind: 'csaf',
      items: some.reduce((sum, { items }) => sum + items, 0),
      name: some.length === 1 ? some[0]!.file : `${folder} (${some.length} documents)`,
    })),
  ]
}

function tellProblems(problems: Feeds['problems']): void {
  for (const { file, reason } of problems) process.stderr.write(`kanpeki: ${plain(file)}: ${plain(reason)}\n`)
}
