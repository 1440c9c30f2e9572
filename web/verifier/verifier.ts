import { FAILURE_WORDS } from '../../src/prove/verify/failure-words.ts'
import type { VerifyReport } from '../../src/prove/verify/report.ts'
import { check, type GivenFile, keysIn, resultOf } from './check.ts'
import { type Language, WORDS } from './words.ts'

let language: Language = navigator.language.startsWith('ja') ? 'ja' : 'en'
let given: readonly GivenFile[] = []
let outcome: VerifyReport | string | undefined

/** An element by its id; the page is ours, so it is there. */
function at(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(id)
  return found
}

/** Evidence holds what attackers wrote: it only ever becomes text. */
function element(name: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  if (className !== '') made.className = className
  return made
}

function show(): void {
  const words = WORDS[language]
  document.documentElement.lang = language
  document.title = words.title
  for (const id of ['title', 'lead', 'drop', 'choose', 'key', 'keyHelp', 'other'] as const) at(id).textContent = words[id]
  const place = at('outcome')
  place.replaceChildren()
  if (outcome === undefined) {
    delete place.dataset['verdict']
    return
  }
  if (typeof outcome === 'string') {
    place.dataset['verdict'] = 'failed'
    place.append(element('p', outcome, 'verdict'))
    return
  }
  place.dataset['verdict'] = outcome.verdict
  place.append(...outcomeParts(outcome))
}

function outcomeParts(report: VerifyReport): readonly HTMLElement[] {
  const words = WORDS[language]
  const verdict =
    report.verdict === 'proved'
      ? words.proved(report.signer ?? '')
      : report.verdict === 'consistent'
        ? words.consistent(report.claims ?? '')
        : words.failed(report.failures.length)
  const facts = document.createElement('dl')
  const fact = (label: string, value: string) => facts.append(element('dt', label), element('dd', value))
  if (report.origin !== null) fact(words.log, report.origin)
  if (report.root !== null) {
    fact(words.size, String(report.size))
    fact(words.root, report.root)
  }
  if (report.logged !== null) fact(words.logged, `${report.logged.first} – ${report.logged.last}`)
  fact(words.checked, words.checkedText(report.checked.entries, report.checked.events))
  const parts = [element('p', verdict, 'verdict'), facts]
  if (report.failures.length > 0) {
    const list = document.createElement('ul')
    for (const { path, leaf, code, reason } of report.failures.slice(0, 100)) {
      const item = element('li', `${path}${leaf === null ? '' : ` (${words.leaf(leaf)})`}: `)
      item.append(element('strong', FAILURE_WORDS[code][language]), ` — ${reason}`)
      list.append(item)
    }
    parts.push(element('h2', words.failures), list)
  }
  if (report.notes.length > 0) {
    const list = document.createElement('ul')
    list.append(...report.notes.map((note) => element('li', note)))
    parts.push(element('h2', words.notes), list)
  }
  const details = document.createElement('details')
  const result = element('pre', JSON.stringify(resultOf(report), null, 1))
  result.id = 'result'
  details.append(element('summary', words.result), result)
  parts.push(details)
  return parts
}

let turn = 0

async function run(): Promise<void> {
  const words = WORDS[language]
  const own = ++turn
  const field = at('keys') as HTMLTextAreaElement
  const keys = keysIn(field.value)
  at('keyFault').textContent = keys === undefined ? words.keyWrong : ''
  field.setAttribute('aria-invalid', String(keys === undefined))
  if (given.length === 0 || keys === undefined) return
  outcome = undefined
  show()
  at('outcome').append(element('p', words.running))
  let next: VerifyReport | string
  try {
    next = await check(given, keys)
  } catch {
    next = words.old
  }
  // A file or a key that came meanwhile has begun a check of its own.
  if (own !== turn) return
  outcome = next
  show()
}

async function take(files: Iterable<File>): Promise<void> {
  try {
    given = await Promise.all(
      [...files].map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    )
    await run()
  } catch {
    outcome = WORDS[language].unreadable
    show()
  }
}

const input = at('file') as HTMLInputElement
input.addEventListener('change', () => void take(input.files ?? []))
at('choose').addEventListener('click', () => input.click())
at('keys').addEventListener('input', () => void run())
at('other').addEventListener('click', () => {
  language = language === 'en' ? 'ja' : 'en'
  show()
})
const zone = at('zone')
for (const kind of ['dragover', 'dragleave', 'drop'] as const) {
  document.addEventListener(kind, (event) => {
    event.preventDefault()
    zone.classList.toggle('over', kind === 'dragover')
    if (kind === 'drop') void take(event.dataTransfer?.files ?? [])
  })
}
show()
