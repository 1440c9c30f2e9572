import { scoreCvss, severityOf } from '../cvss/score.ts'
import { readEnvironment, vectorIn } from '../cvss/vector.ts'
import type { FindingsTable, RatingsTable } from '../inventory/tables.ts'
import type { Weakness } from '../prioritise/risk.ts'

/** What people say of how grave a weakness is where it is. */
export interface RatedHere {
  readonly own: RatingsTable | undefined
  readonly environment: RatingsTable | undefined
}

type Place = { readonly row: Pick<FindingsTable, 'asset' | 'package'>; readonly names: readonly string[] }

/** Finds what is said of a cause under any of its names, the newest first. */
export function ratingsBy(rows: readonly RatingsTable[]): (place: Place) => RatedHere {
  const byPlace = Map.groupBy(rows, ({ asset, package: name }) => `${asset}\u0000${name}`)
  return ({ row, names }) => {
    const asset = row.asset.toLowerCase()
    return {
      own: byPlace
        .get(`${asset}\u0000${row.package}`)
        ?.filter(({ id }) => names.includes(id))
        .toSorted((a, b) => b.at - a.at)[0],
      environment: byPlace.get(`${asset}\u0000`)?.[0],
    }
  }
}

/** Severity, score and vector where it is: by the person's vector, else the published one, in the asset's environment. */
export function rateHere(
  published: Pick<FindingsTable, 'severity' | 'score' | 'vector'>,
  { own, environment }: RatedHere,
): Pick<Weakness, 'severity' | 'score' | 'vector'> {
  const { severity, score, vector } = published
  const base = own?.vector ?? vector
  if (base === null || (own === undefined && environment === undefined)) return { severity, score, vector }
  const here = inEnvironment(base, environment)
  if (here === undefined || (own === undefined && here === vector)) return { severity, score, vector }
  const { overall } = scoreCvss(here)
  return { severity: severityOf(overall), score: overall, vector: here }
}

/** Undefined where the published vector is none that can be scored: then it stays as it was published. */
function inEnvironment(vector: string, environment: RatingsTable | undefined): string | undefined {
  try {
    return environment === undefined ? vector : vectorIn(vector, readEnvironment(environment.vector))
  } catch {
    return undefined
  }
}
