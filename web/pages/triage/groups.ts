import type { AlertSummary, QueueGroup } from '../../../src/detect/schema.ts'
import { sameDay } from '../../format/time.ts'

export const SECTIONS = ['first', 'today', 'earlier'] as const
export type Section = (typeof SECTIONS)[number]

/** P1 and P2 are answered first, whatever their age; the rest by the day they were raised. */
export function sectionOf(group: Pick<QueueGroup, 'severity' | 'raisedAt'>, now: number, timeZone: string): Section {
  if (group.severity <= 2) return 'first'
  return sameDay(Date.parse(group.raisedAt), now, timeZone) ? 'today' : 'earlier'
}

/** The alert a group opens with: the gravest, and of equals the newest. */
export function gravest(group: QueueGroup): AlertSummary | undefined {
  return group.alerts.toSorted((a, b) => a.severity - b.severity || b.lastObserved.localeCompare(a.lastObserved))[0]
}

export function groupOf(groups: readonly QueueGroup[], alertId: string | undefined): QueueGroup | undefined {
  return groups.find((group) => group.alerts.some((alert) => alert.id === alertId))
}

/**
 * The live rule: what was raised after the newest group on screen waits behind "3 new" unless the list stands at its top.
 * Groups that come from an older page are no news.
 */
export function splitNews(
  groups: readonly QueueGroup[],
  seen: ReadonlySet<string>,
  atTop: boolean,
): { readonly shown: readonly QueueGroup[]; readonly news: number } {
  if (atTop || seen.size === 0) return { shown: groups, news: 0 }
  const newest = Math.max(...groups.filter((group) => seen.has(group.id)).map((group) => Date.parse(group.raisedAt)))
  const shown = groups.filter((group) => seen.has(group.id) || Date.parse(group.raisedAt) <= newest)
  return { shown, news: groups.length - shown.length }
}

/** Which alerts a verdict is about: those selected, otherwise every open alert of the group on show. */
export function verdictTargets(
  group: QueueGroup | undefined,
  alert: AlertSummary | undefined,
  picked: ReadonlySet<string>,
): readonly string[] {
  if (picked.size > 0) return [...picked]
  const open = group?.alerts.filter((one) => one.state === 'open').map((one) => one.id) ?? []
  if (open.length > 0) return open
  return alert?.state === 'open' ? [alert.id] : []
}
