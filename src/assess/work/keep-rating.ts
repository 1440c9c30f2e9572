import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import type { Caller } from '../../platform/http/route.ts'
import { recordEvidence } from '../../platform/state/outbox.ts'
import { scoreCvss, severityOf } from '../cvss/score.ts'
import { readEnvironment } from '../cvss/vector.ts'
import { namesOf } from '../inventory/finding-names.ts'
import type { Db } from '../inventory/queries.ts'
import type { FindingsTable } from '../inventory/tables.ts'
import { spellingsOf } from '../weighing/queries.ts'
import { ratingsOfAssets, saveRating } from './queries.ts'
import type { environmentBody, environmentReply, ratingBody, ratingReply } from './schema.ts'

/** Keeps how a person rates a weakness. @param db limited to the caller's scope. @throws KanpekiError `cvss_invalid`. */
export async function keepRating(
  db: Db,
  found: FindingsTable,
  { vector, reason }: z.infer<typeof ratingBody>,
  caller: Caller,
  now: number,
): Promise<z.infer<typeof ratingReply>> {
  const score = vector === null ? null : scoreCvss(vector).overall
  const names = namesOf(found)
  const asset = found.asset.toLowerCase()
  const before = (await ratingsOfAssets(db, [asset])).find((row) => row.package === found.package && names.includes(row.id))
  const id = before?.id ?? found.id
  const row = { scope: caller.scope, asset, package: found.package, id, vector, reason, at: now, by_name: caller.name }
  await saveRating(db, row, [found.asset])
  const body = {
    action: 'weakness.rate',
    by: caller.name,
    account: caller.account,
    target: found.id,
    asset: found.asset,
    package: found.package,
    ...{ reason, vector, score, before: before?.vector ?? null, published: found.vector },
  }
  await recordEvidence(db, [{ type: 'admin', scope: caller.scope, observed: now, received: now, body }])
  const severity = score === null ? null : severityOf(score)
  return { asset: found.asset, package: found.package, id: found.id, vector, score, severity }
}

/** Keeps what a person says of an asset's environment. @throws KanpekiError `cvss_invalid`, or `not_found` where nothing is known of it. */
export async function keepEnvironment(
  db: Db,
  { asset, metrics, reason }: z.infer<typeof environmentBody>,
  caller: Caller,
  now: number,
): Promise<z.infer<typeof environmentReply>> {
  const given = metrics === null ? new Map<string, string>() : readEnvironment(metrics)
  const text = given.size === 0 ? null : [...given].map(([name, value]) => `${name}:${value}`).join('/')
  const folded = asset.toLowerCase()
  const spellings = (await spellingsOf(db, [folded])).get(folded)
  if (spellings === undefined) throw new KanpekiError('not_found', `No weakness of ${asset} was ever seen.`)
  const before = (await ratingsOfAssets(db, [folded])).find((row) => row.package === '')?.vector ?? null
  const row = { scope: caller.scope, package: '', id: '', vector: text, reason, at: now, by_name: caller.name }
  await saveRating(db, { ...row, asset: folded }, spellings)
  const body = {
    action: 'weakness.environment',
    by: caller.name,
    account: caller.account,
    target: asset,
    ...{ reason, metrics: text, before },
  }
  await recordEvidence(db, [{ type: 'admin', scope: caller.scope, observed: now, received: now, body }])
  return { asset, metrics: text }
}
