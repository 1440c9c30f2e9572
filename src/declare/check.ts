import { messageOf } from '../kernel/error.ts'
import { parseQuery } from '../platform/lake/query/parse.ts'
import type { Measures } from './criteria.ts'
import { durationMs } from './duration.ts'
import type { Card } from './schema.ts'

export interface Fault {
  readonly path: readonly (string | number)[]
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** What a card of the right form can still get wrong: names that lead nowhere, times that never come. */
export function checkCard(card: Card, measures: Measures): readonly Fault[] {
  return [
    ...emptyFaults(card),
    ...card.objectives.flatMap((_, index) => objectiveFaults(card, index, measures)),
    ...card.forbidden.flatMap((_, index) => forbiddenFaults(card, index)),
    ...idFaults(card),
    ...triggerFaults(card),
    ...publicFaults(card),
    ...timeFaults(card),
    ...signatureFaults(card),
  ]
}

function emptyFaults({ objectives, forbidden }: Card): Fault[] {
  if (objectives.length + forbidden.length > 0) return []
  return [fault(['objectives'], 'card_empty', 'The card promises nothing.', 'Write at least one objective or forbidden failure.')]
}

function objectiveFaults(card: Card, index: number, measures: Measures): Fault[] {
  const objective = card.objectives[index]
  if (objective === undefined) return []
  const at = ['objectives', index]
  const measure = measures.get(objective.measure)
  const faults = [
    ...positive([...at, 'window'], objective.window),
    ...positive([...at, 'maxEvidenceAge'], objective.maxEvidenceAge),
  ]
  if (measure === undefined) {
    const known = [...measures.keys()].sort().join(', ')
    return [
      ...faults,
      fault([...at, 'measure'], 'unknown_measure', `There is no measure ${objective.measure}.`, `Known measures: ${known}.`),
    ]
  }
  const wrong = measure.check?.(objective.params)
  if (wrong !== undefined) {
    const message = `The parameters of ${objective.measure} are wrong: ${wrong}.`
    faults.push(fault([...at, 'params'], 'bad_params', message, 'Correct them.'))
  }
  if (measure.unit === 'percent' && (objective.target < 0 || objective.target > 100)) {
    const message = `A target of ${objective.target} % cannot be.`
    faults.push(fault([...at, 'target'], 'bad_target', message, 'Choose one from 0 to 100.'))
  }
  return faults
}

function forbiddenFaults(card: Card, index: number): Fault[] {
  const forbidden = card.forbidden[index]
  if (forbidden === undefined) return []
  const at = ['forbidden', index]
  const faults = [
    ...positive([...at, 'window'], forbidden.window),
    ...positive([...at, 'maxEvidenceAge'], forbidden.maxEvidenceAge),
  ]
  try {
    parseQuery(forbidden.query)
  } catch (error) {
    faults.push(fault([...at, 'query'], 'bad_query', messageOf(error), 'Try the query on the Timeline page.'))
  }
  return faults
}

function idFaults(card: Card): Fault[] {
  const ids = [
    ...card.objectives.map(({ id }, index) => ({ id, path: ['objectives', index, 'id'] })),
    ...card.forbidden.map(({ id }, index) => ({ id, path: ['forbidden', index, 'id'] })),
  ]
  return ids
    .filter(({ id }, index) => ids.findIndex((other) => other.id === id) !== index)
    .map(({ id, path }) => fault(path, 'repeated_id', `The id ${id} is used twice.`, 'Give each objective an id of its own.'))
}

function triggerFaults(card: Card): Fault[] {
  const known = [...card.objectives, ...card.forbidden].map(({ id }) => id)
  return card.withdrawal.flatMap((trigger, index) => {
    const objective = 'objective' in trigger ? trigger.objective : undefined
    if (objective === undefined || known.includes(objective)) return []
    const message = `The trigger names ${objective}, which is no objective of this card.`
    return [fault(['withdrawal', index, 'objective'], 'unknown_objective', message, `Objectives: ${known.join(', ')}.`)]
  })
}

function publicFaults({ publicPage, objectives, forbidden }: Card): Fault[] {
  const known = [...objectives, ...forbidden].map(({ id }) => id)
  return (publicPage?.objectives ?? []).flatMap((objective, index) => {
    if (known.includes(objective)) return []
    const message = `The public page names ${objective}, which is no objective of this card.`
    return [fault(['publicPage', 'objectives', index], 'unknown_objective', message, `Objectives: ${known.join(', ')}.`)]
  })
}

function timeFaults(card: Card): Fault[] {
  const faults = positive(['period'], card.period)
  if (Date.parse(card.validity.until) <= Date.parse(card.validity.from)) {
    const message = 'The validity ends before it begins.'
    faults.push(fault(['validity', 'until'], 'bad_validity', message, 'Set `until` to a later day than `from`.'))
  }
  return faults
}

function signatureFaults(card: Card): Fault[] {
  const open = card.approvers.some((approver) => approver.startsWith('@'))
  const faults = card.approvers.flatMap((approver, index) =>
    approver.startsWith('@') && approver !== '@admin' && approver !== '@cards'
      ? [fault(['approvers', index], 'bad_approver', `${approver} names no group.`, 'Groups are @admin and @cards.')]
      : [],
  )
  const people = new Set(card.approvers).size
  if (open || people >= card.signatures) return faults
  const message = `${card.signatures} people must sign, and only ${people} may.`
  return [...faults, fault(['signatures'], 'bad_signatures', message, 'Name more approvers, or ask for fewer signatures.')]
}

function positive(path: readonly (string | number)[], text: string): Fault[] {
  return durationMs(text) > 0 ? [] : [fault(path, 'bad_duration', 'A duration of nothing proves nothing.', 'Make it longer.')]
}

function fault(path: readonly (string | number)[], code: string, message: string, remedy: string): Fault {
  return { path, code, message, remedy }
}
