import { readFileSync } from 'node:fs'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { Inbox, PlaybookSummary, PlaybookView, RunSummary, RunView, StepView } from '../respond/playbooks/schema.ts'
import { command } from './command.ts'
import { languageOf } from './language.ts'
import { EXIT, SERVER_OPTIONS, takesAtMost } from './options.ts'
import { readPlaybookFiles, testsOf } from './playbooks-offline.ts'
import { apiOf, type CallApi, type ScopedServerOptions } from './server-of.ts'
import { plain } from './terminal-text.ts'

const USAGE = `Usage: kanpeki playbooks validate FILE|DIR…
       kanpeki playbooks test     FILE|DIR…
       kanpeki playbooks list | inbox | runs [--state STATE] [--playbook ID]
       kanpeki playbooks show     ID | RUN
       kanpeki playbooks save     FILE [--note TEXT]
       kanpeki playbooks run      ID [--plan] [--set NAME=VALUE]… [--alert ID]
       kanpeki playbooks answer   RUN STEP done|failed|ran|not-run [--note TEXT]
       kanpeki playbooks stop     RUN | --all
       kanpeki playbooks release
       kanpeki playbooks undo     RUN
                          [--json] [--lang en|ja] [--scope NAME] [--data DIR | --url URL --token TOKEN [--ca FILE]]

  validate  says file, line and column of everything that is wrong; needs no server, as test does
  test      runs the playbooks' own tests
  run       for real, or with --plan only says what would be done; NAME without its underscores
  answer    what a person was asked: how work by hand went, or whether a step ran whose end was not seen
  stop      no further step begins, of one run or (--all) of any; release lets all go on

Versions and steps are approved by people who are signed in, never by a token: in the console, under Playbooks, Inbox.`

interface Values extends ScopedServerOptions {
  readonly json: boolean
  readonly lang?: string | undefined
  readonly plan: boolean
  readonly all: boolean
  readonly set?: string[] | undefined
  readonly alert?: string | undefined
  readonly note: string
  readonly state?: string | undefined
  readonly playbook?: string | undefined
}

interface Deed {
  readonly values: Values
  readonly rest: readonly string[]
  readonly call: CallApi
  readonly text: (both: { readonly en: string; readonly ja: string }) => string
}

export function playbooksCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      scope: { type: 'string', default: DEFAULT_SCOPE },
      lang: { type: 'string' },
      plan: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      set: { type: 'string', multiple: true },
      alert: { type: 'string' },
      note: { type: 'string', default: '' },
      state: { type: 'string' },
      playbook: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [action = '', ...rest] = positionals
      if (action === 'validate' || action === 'test') return await offline(action, rest, values.json)
      const deed = Object.hasOwn(DEEDS, action) ? DEEDS[action as keyof typeof DEEDS] : undefined
      if (deed === undefined) throw usage(action === '' ? 'What shall be done?' : `There is no 'playbooks ${action}'.`)
      if (action === 'list' || action === 'inbox' || action === 'runs' || action === 'release') takesAtMost(0, rest, USAGE)
      const language = languageOf(values.lang)
      return await deed({ values, rest, call: await apiOf(values, 'admin', 'kanpeki playbooks'), text: (both) => both[language] })
    },
  )
}

async function offline(action: 'validate' | 'test', paths: readonly string[], json: boolean): Promise<number> {
  if (paths.length === 0) throw usage('Which files?')
  const files = readPlaybookFiles(paths)
  let wrong = 0
  let ran = 0
  for (const one of files) {
    const tests = action === 'test' && one.playbook !== undefined ? await testsOf(one.playbook, files) : []
    ran += tests.length
    if (one.playbook === undefined || tests.some(({ passed }) => !passed)) wrong++
    if (json) {
      print(
        JSON.stringify({
          file: one.file,
          valid: one.playbook !== undefined,
          problems: one.problems,
          ...(action === 'test' ? { tests } : {}),
        }),
      )
      continue
    }
    for (const { line, column, field, message, remedy } of one.problems)
      print(`${one.file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message} ${remedy}`)
    for (const { name, passed, expected, went, reason } of tests)
      print(
        passed
          ? `ok    ${one.file}  ${name}`
          : `FAIL  ${one.file}  ${name}\n      expected ${expected.join(' → ')}\n      went     ${went.join(' → ')}${reason === null ? '' : `\n      ${reason}`}`,
      )
    if (action === 'test' && one.playbook !== undefined && tests.length === 0) print(`none  ${one.file}  has no tests`)
  }
  if (!json)
    print(
      action === 'test'
        ? `${ran} tests of ${files.length} playbooks, ${wrong} playbooks with faults`
        : `${files.length - wrong} of ${files.length} playbooks are valid`,
    )
  return wrong === 0 && (action === 'validate' || ran > 0) ? EXIT.ok : EXIT.failed
}

const DEEDS = {
  async list({ call, values, text }: Deed) {
    const { playbooks, halt } = await call<{ playbooks: PlaybookSummary[]; halt: { halted: boolean; by: string | null } }>(
      'GET',
      '/api/v1/playbooks',
    )
    for (const one of playbooks) {
      const how = one.enabled ? (one.mode === 'real' ? 'runs for real' : 'plans only') : 'off'
      said(
        values,
        one,
        `${one.id}  ${text(one.name)}  ${how}  version ${one.version}${one.waiting ? ', the newest waits for approval' : ''}`,
      )
    }
    if (halt.halted && !values.json) print(`Everything is stopped, by ${halt.by}. 'kanpeki playbooks release' lets runs go on.`)
    return EXIT.ok
  },
  async inbox({ call, values, text }: Deed) {
    const { versions, steps } = await call<Inbox>('GET', '/api/v1/respond/inbox')
    for (const one of steps)
      said(
        values,
        one,
        `${one.run}  ${one.key}  ${one.state}  ${text(one.playbook.name)}: ${text(one.name)}${one.message === null ? '' : `  ${one.message}`}`,
      )
    for (const one of versions)
      said(values, one, `${one.playbook.id}  version ${one.version} by ${one.author} waits for approval`)
    return EXIT.ok
  },
  async runs({ call, values, text }: Deed) {
    const query = new URLSearchParams({ limit: '100', ...pick(values, 'state'), ...pick(values, 'playbook') })
    const { runs } = await call<{ runs: RunSummary[] }>('GET', `/api/v1/runs?${query}`)
    for (const run of runs) said(values, run, runLine(run, text))
    return EXIT.ok
  },
  async show({ call, values, rest, text }: Deed) {
    const [id] = needed(rest, 1, 'Which playbook or run?')
    if (/^[0-9a-f]{32}$/.test(id!)) return showRun(values, await call<RunView>('GET', `/api/v1/runs/${id}`), text)
    const found = await call<PlaybookView>('GET', `/api/v1/playbooks/${encodeURIComponent(id!)}`)
    process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : found.source)
    return EXIT.ok
  },
  async save({ call, values, rest }: Deed) {
    const [file] = needed(rest, 1, 'Which file?')
    const saved = await call<PlaybookView>('POST', '/api/v1/playbooks', {
      source: readFileSync(file!, 'utf8'),
      note: values.note,
    })
    said(values, saved, `${saved.id}: version ${saved.latest}${saved.waiting ? ', which waits for approval' : ''}`)
    return EXIT.ok
  },
  async run({ call, values, rest, text }: Deed) {
    const [id] = needed(rest, 1, 'Which playbook?')
    const variables = Object.fromEntries((values.set ?? []).map(variableOf))
    const how = values.plan ? 'plan' : 'run'
    const begun = await call<RunView>('POST', `/api/v1/playbooks/${encodeURIComponent(id!)}/${how}`, {
      variables,
      ...pick(values, 'alert'),
    })
    return showRun(values, await settled(call, begun.id), text)
  },
  async answer({ call, values, rest, text }: Deed) {
    const [run, key, answer] = needed(rest, 3, 'Give the run, the step and the answer.')
    const body = { answer, note: values.note }
    await call<RunView>('POST', `/api/v1/runs/${encodeURIComponent(run!)}/steps/${encodeURIComponent(key!)}/answer`, body)
    return showRun(values, await settled(call, run!), text)
  },
  async stop({ call, values, rest, text }: Deed) {
    if (values.all) return await halt(call, values, true)
    const [id] = needed(rest, 1, 'Which run? (--all for every run)')
    await call('POST', `/api/v1/runs/${encodeURIComponent(id!)}/stop`, {})
    return showRun(values, await settled(call, id!), text)
  },
  async release({ call, values }: Deed) {
    return await halt(call, values, false)
  },
  async undo({ call, values, rest, text }: Deed) {
    const [id] = needed(rest, 1, 'Which run?')
    await call('POST', `/api/v1/runs/${encodeURIComponent(id!)}/undo`, {})
    return showRun(values, await settled(call, id!), text)
  },
}

async function halt(call: CallApi, values: Values, on: boolean): Promise<number> {
  const state = await call<{ halted: boolean }>('POST', '/api/v1/respond/halt', { halt: on, reason: values.note })
  said(values, state, on ? 'Everything is stopped.' : 'Playbooks run again.')
  return EXIT.ok
}

const LOOK_MS = 200
const PATIENCE = 50

/** The run once it has ended or waits for somebody; as it is after ten seconds otherwise. */
async function settled(call: CallApi, id: string): Promise<RunView> {
  for (let look = 0; ; look++) {
    const run = await call<RunView>('GET', `/api/v1/runs/${encodeURIComponent(id)}`)
    const moves = run.state === 'undoing' || (run.state === 'waiting' && run.waitsFor === 'turn')
    if (!moves || look >= PATIENCE) return run
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}

function showRun(values: Values, run: RunView, text: Deed['text']): number {
  if (values.json) print(JSON.stringify(run))
  else {
    print(runLine(run, text))
    for (const step of run.steps) print(`  ${stepLine(step, text)}`)
    if (run.undoable > 0) print(`  ${run.undoable} steps can be taken back: kanpeki playbooks undo ${run.id}`)
  }
  return run.state === 'failed' || run.state === 'stopped' ? EXIT.failed : EXIT.ok
}

function runLine(run: RunSummary, text: Deed['text']): string {
  const how = run.simulated ? 'exercise' : run.mode
  const state = run.state === 'waiting' && run.waitsFor !== null ? `waiting (${run.waitsFor})` : run.state
  return `${run.id}  ${text(run.playbook.name)}  ${how}  ${state}${run.reason === null ? '' : `: ${run.reason}`}`
}

function stepLine(step: StepView, text: Deed['text']): string {
  const what = step.plan === null ? (step.message ?? '') : text(step.plan.summary)
  const undo = step.undo === null ? '' : `  undo ${step.undo}`
  return `${step.key}  ${step.state}  ${text(step.name)}  ${what}${undo}`
}

function variableOf(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw usage(`--set takes NAME=VALUE, not '${text}'.`)
  const name = text.slice(0, at)
  return [name.startsWith('__') ? name : `__${name}__`, text.slice(at + 1)]
}

function pick<K extends 'state' | 'playbook' | 'alert'>(values: Values, key: K): Partial<Record<K, string>> {
  const value = values[key]
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>)
}

function needed(rest: readonly string[], count: number, question: string): readonly string[] {
  if (rest.length !== count) throw usage(question)
  return rest
}

function said(values: Values, whole: unknown, line: string): void {
  print(values.json ? JSON.stringify(whole) : line)
}

function print(text: string): void {
  process.stdout.write(`${text.split('\n').map(plain).join('\n')}\n`)
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}
