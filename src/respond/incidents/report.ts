import type { Block, Inline, Language, Report, Tone } from '../../platform/report/model.ts'
import { momentText } from '../../platform/report/words.ts'
import { REPORT_WORDS, type ReportWords } from './report-words.ts'
import type { IncidentDetail, TimelineItem } from './schema.ts'
import { type Both, MESSAGE_WORDS, OUTCOME_WORDS, PHASE_WORDS, ROLE_WORDS } from './words.ts'

const MOST_LINES = 400

export interface ReportInput {
  readonly detail: IncidentDetail
  readonly timeline: readonly TimelineItem[]
  readonly scope: string
  /** Milliseconds UTC. */
  readonly made: number
  readonly language: Language
}

/** An incident on paper: what happened, who did what when, who was told, what is to be learnt. */
export function incidentReport({ detail, timeline, scope, made, language }: ReportInput): Report {
  const words = REPORT_WORDS[language]
  const text = (both: Both): string => both[language]
  const moment = (at: string | null): string => (at === null ? '–' : momentText(Date.parse(at), language))
  const timed = (at: string | null, seconds: number | null): string =>
    at === null || seconds === null ? moment(at) : `${moment(at)} (${spanText(seconds, language)})`
  return {
    language,
    kicker: detail.exercise === null ? words.kicker : words.exerciseKicker,
    title: `INC-${detail.number} · P${detail.severity} · ${text({ en: detail.title, ja: detail.titleJa })}`,
    made,
    foot: words.foot(scope),
    blocks: [
      ...(detail.exercise === null ? [] : [{ kind: 'note' as const, tone: 'risk' as const, text: words.exerciseNote }]),
      {
        kind: 'note',
        tone: toneOf(detail),
        text: words.standing(text(PHASE_WORDS[detail.phase]), detail.state, outcomeOf(detail, text)),
      },
      ...(detail.summary === '' ? [] : [{ kind: 'text' as const, text: detail.summary }]),
      {
        kind: 'facts',
        items: [
          { label: words.opened, value: `${moment(detail.opened)} · ${detail.openedBy}` },
          { label: words.firstTrace, value: moment(detail.firstObserved) },
          { label: words.detected, value: timed(detail.detected, detail.clocks.detect) },
          { label: words.acknowledged, value: timed(detail.acknowledged, detail.clocks.acknowledge) },
          {
            label: words.contained,
            value: `${timed(detail.contained, detail.clocks.contain)}${detail.containedBy === null ? '' : ` · ${words.containedBy[detail.containedBy]}`}`,
          },
          { label: words.closed, value: timed(detail.closed, detail.clocks.resolve) },
        ],
      },
      ...section(words.phases, detail.phases.length, {
        kind: 'table',
        columns: [
          { title: words.phase, width: 2 },
          { title: words.began, width: 2 },
          { title: words.by, width: 2 },
        ],
        rows: detail.phases.map(({ phase, at, by }) => [text(PHASE_WORDS[phase]), moment(at), by]),
      }),
      ...section(words.roles, detail.roles.length, {
        kind: 'facts',
        items: detail.roles.map(({ role, person, since }) => ({
          label: text(ROLE_WORDS[role]),
          value: `${person} · ${moment(since)}`,
        })),
      }),
      ...section(words.alerts, detail.alertList.length, {
        kind: 'table',
        columns: [
          { title: words.when, width: 3 },
          { title: words.alert, width: 4 },
          { title: words.about, width: 2 },
          { title: 'ATT&CK', width: 2 },
        ],
        rows: detail.alertList.map(({ raised, title, severity, entity, techniques }) => [
          moment(raised),
          `P${severity} ${text(title)}`,
          { text: entity.name, mono: true },
          techniques.join(' '),
        ]),
      }),
      ...taskBlocks(detail, words, text, moment),
      ...section(words.artefacts, detail.artefacts.length, {
        kind: 'table',
        columns: [
          { title: words.artefact, width: 3 },
          { title: 'SHA-256', width: 5 },
          { title: words.by, width: 2 },
        ],
        rows: detail.artefacts.map(({ name, sha256, by }) => [name, { text: sha256, mono: true }, by]),
      }),
      ...messageBlocks(detail, words, text, moment),
      ...timelineBlocks(timeline, words, text, moment),
      ...learntBlocks(detail, words, text, moment),
    ],
  }
}

function toneOf({ state, exercise, outcome }: IncidentDetail): Tone {
  if (exercise !== null) return 'plain'
  if (state === 'open') return 'risk'
  return outcome === 'false' || outcome === 'expected' ? 'plain' : 'good'
}

function outcomeOf({ outcome }: IncidentDetail, text: (both: Both) => string): string | null {
  return outcome === null ? null : text(OUTCOME_WORDS[outcome])
}

function section(title: string, count: number, block: Block): readonly Block[] {
  return count === 0 ? [] : [{ kind: 'heading', level: 2, text: title }, block]
}

type Text = (both: Both) => string
type Moment = (at: string | null) => string

function taskBlocks({ taskList }: IncidentDetail, words: ReportWords, text: Text, moment: Moment): readonly Block[] {
  const begun = taskList.filter(({ due, done }) => due !== null || done !== null)
  return section(words.tasks, begun.length, {
    kind: 'table',
    columns: [
      { title: words.phase, width: 2 },
      { title: words.task, width: 4 },
      { title: words.due, width: 3 },
      { title: words.done, width: 3 },
    ],
    rows: begun.map(({ phase, title, due, done, doneBy, overdue }): readonly Inline[] => [
      text(PHASE_WORDS[phase]),
      text(title),
      moment(due),
      done === null
        ? { text: overdue ? words.overdue : words.notDone, tone: overdue ? 'bad' : 'plain' }
        : { text: `${moment(done)} · ${doneBy ?? ''}`, tone: due !== null && done > due ? 'risk' : 'plain' },
    ]),
  })
}

function messageBlocks({ messages }: IncidentDetail, words: ReportWords, text: Text, moment: Moment): readonly Block[] {
  return section(words.told, messages.length, {
    kind: 'table',
    columns: [
      { title: words.audience, width: 3 },
      { title: words.due, width: 3 },
      { title: words.how, width: 3 },
      { title: words.proof, width: 3 },
    ],
    rows: messages.map(({ audience, due, state, channel, contact, sent, overdue, proof }): readonly Inline[] => [
      text(audience),
      moment(due),
      [
        { text: text(MESSAGE_WORDS[state]), tone: overdue || state === 'failed' ? 'bad' : 'plain' },
        ` ${channel?.name ?? contact} ${sent === null ? '' : moment(sent)}`,
      ],
      proof === null ? '–' : { text: `${proof.message} ${proof.sha256.slice(0, 16)}…`.trim(), mono: true },
    ]),
  })
}

function timelineBlocks(items: readonly TimelineItem[], words: ReportWords, text: Text, moment: Moment): readonly Block[] {
  const shown = items.slice(0, MOST_LINES)
  return [
    ...section(words.timeline, shown.length, {
      kind: 'table',
      columns: [
        { title: words.when, width: 3 },
        { title: words.kind, width: 1 },
        { title: words.what, width: 5 },
        { title: words.by, width: 2 },
      ],
      rows: shown.map(({ at, kind, text: said, note, by, entry }): readonly Inline[] => [
        moment(at),
        words.kinds[kind],
        [text(said), ...(note === '' ? [] : [` — ${note}`]), ...(entry === null ? [] : [` (${words.entry(entry)})`])],
        by ?? '',
      ]),
    }),
    ...(items.length > shown.length ? [{ kind: 'text' as const, text: words.more(items.length - shown.length) }] : []),
  ]
}

function learntBlocks(
  { postMortem, followUps, similar }: IncidentDetail,
  words: ReportWords,
  text: Text,
  moment: Moment,
): readonly Block[] {
  const parts = (['happened', 'cause', 'well', 'badly'] as const).filter((part) => (postMortem?.[part] ?? '') !== '')
  return [
    ...(postMortem === null
      ? []
      : [
          { kind: 'heading' as const, level: 2 as const, text: words.postMortem },
          { kind: 'text' as const, text: `${postMortem.by} · ${moment(postMortem.at)}` },
          ...parts.flatMap((part): readonly Block[] => [
            { kind: 'heading', level: 3, text: words.parts[part] },
            { kind: 'text', text: postMortem[part] },
          ]),
        ]),
    ...section(words.followUps, followUps.length, {
      kind: 'table',
      columns: [
        { title: words.what, width: 4 },
        { title: words.owner, width: 2 },
        { title: words.due, width: 3 },
        { title: words.verified, width: 3 },
      ],
      rows: followUps.map(({ title, owner, due, done, verified }): readonly Inline[] => [
        title,
        owner,
        moment(due),
        verified !== null
          ? { text: `${moment(verified.at)} · ${verified.by}`, tone: 'good' }
          : { text: done === null ? words.notDone : words.notVerified(done.by), tone: 'risk' },
      ]),
    }),
    ...section(words.similar, similar.length, {
      kind: 'list',
      items: similar.map(
        ({ number, title, titleJa, shared }) =>
          `INC-${number} ${text({ en: title, ja: titleJa })} — ${[...shared.entities.map(({ name }) => name), ...shared.techniques].join(', ')}`,
      ),
    }),
  ]
}

/** Seconds as people say them, of two parts at most. */
export function spanText(seconds: number | null, language: Language): string {
  if (seconds === null) return '–'
  const units = language === 'en' ? ([' d', ' h', ' min', ' s'] as const) : (['日', '時間', '分', '秒'] as const)
  const whole = Math.round(seconds)
  const parts = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
  const first = parts.findIndex((part) => part > 0)
  if (first < 0) return `0${units[3]}`
  return parts
    .map((part, at) => ({ part, at }))
    .slice(first, first + 2)
    .filter(({ part }) => part > 0)
    .map(({ part, at }) => `${part}${units[at]!}`)
    .join(language === 'en' ? ' ' : '')
}
