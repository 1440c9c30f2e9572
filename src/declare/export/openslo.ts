import { createHash } from 'node:crypto'
import { dump } from 'js-yaml'
import type { JsonObject } from '../../kernel/json.ts'
import type { Criterion } from '../criteria.ts'
import type { Card, Comparator } from '../schema.ts'

const API = 'openslo/v1'
/**
 * The share of evaluations that must find the figure right. OpenSLO wants less than one; a declaration allows no other
 * than those that its triggers allow.
 */
const ALWAYS = 0.999

const OPERATORS: Readonly<Record<Comparator, readonly string[]>> = {
  '<=': ['lte'],
  '>=': ['gte'],
  '<': ['lt'],
  '=': ['lte', 'gte'],
}

const UNITS = [
  { unit: 'w', ms: 7 * 86_400_000 },
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
] as const

/** Declarations as OpenSLO v1: a Service for each card, an SLO for each objective and each thing that must not happen. */
export function openSlo(cards: readonly { readonly card: Card; readonly criteria: readonly Criterion[] }[]): string {
  const documents = cards.flatMap(({ card, criteria }) => [service(card), ...criteria.map((criterion) => slo(card, criterion))])
  return documents.map((document) => dump(document, { lineWidth: 120 })).join('---\n')
}

function service(card: Card): JsonObject {
  return {
    apiVersion: API,
    kind: 'Service',
    metadata: { name: nameOf(card.id), displayName: card.name.en, annotations: { 'kanpeki/version': card.version } },
    spec: { description: card.scope.description.en },
  }
}

function slo(card: Card, criterion: Criterion): JsonObject {
  const name = nameOf(`${card.id}-${criterion.id}`)
  return {
    apiVersion: API,
    kind: 'SLO',
    metadata: {
      name,
      displayName: criterion.title.en,
      annotations: { 'kanpeki/card': card.id, 'kanpeki/objective': criterion.id, 'kanpeki/unit': criterion.unit },
    },
    spec: {
      description: `${criterion.title.en} (${card.name.en})`,
      service: nameOf(card.id),
      indicator: {
        metadata: { name: nameOf(`${name}-sli`) },
        spec: {
          thresholdMetric: {
            metricSource: {
              type: 'Kanpeki',
              spec: { measure: criterion.measure, params: JSON.stringify(criterion.params) },
            },
          },
        },
      },
      timeWindow: [{ duration: shorthand(criterion.windowMs), isRolling: true }],
      budgetingMethod: 'Occurrences',
      // Nothing is below zero of what is counted: one bound says it.
      objectives: (criterion.comparator === '=' && criterion.target === 0 ? ['lte'] : OPERATORS[criterion.comparator]).map(
        (op) => ({
          displayName: criterion.title.en,
          op,
          value: criterion.target,
          target: ALWAYS,
        }),
      ),
    },
  }
}

/** The largest unit that says it exactly; OpenSLO knows none below the minute. */
function shorthand(ms: number): string {
  const { unit, ms: size } = UNITS.find((one) => ms % one.ms === 0) ?? UNITS[3]
  return `${Math.max(1, Math.ceil(ms / size))}${unit}`
}

/** RFC 1123: at most 63 characters. What is cut keeps its own name by a hash. */
function nameOf(text: string): string {
  if (text.length <= 63) return text
  return `${text.slice(0, 54).replace(/-+$/, '')}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
}
