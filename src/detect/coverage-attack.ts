import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { TACTICS } from '../kernel/detection.ts'

const bilingual = z.object({ en: z.string(), ja: z.string() })

const attackFile = z.object({
  version: z.string(),
  tactics: z.array(z.object({ id: z.enum(TACTICS), name: bilingual })),
  techniques: z.array(
    z.object({ id: z.string().regex(/^T\d{4}(\.\d{3})?$/), name: z.string(), tactics: z.array(z.enum(TACTICS)).min(1) }),
  ),
})
export type Technique = z.infer<typeof attackFile>['techniques'][number]

const setFile = z.object({ id: z.string(), name: bilingual, techniques: z.array(z.string()) })

/** MITRE ATT&CK Enterprise as this version of Kanpeki knows it, and the set of techniques that coverage is stated over. */
export interface Attack {
  readonly version: string
  readonly tactics: z.infer<typeof attackFile>['tactics']
  readonly techniques: ReadonlyMap<string, Technique>
  readonly core: z.infer<typeof setFile>
}

/** Reads `content/attack`. The folder is given as a URL that ends with a slash; by default the one that ships. */
export function loadAttack(folder: URL = new URL('../../content/attack/', import.meta.url)): Attack {
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
  const { version, tactics, techniques } = attackFile.parse(read('techniques.json'))
  return {
    version,
    tactics,
    techniques: new Map(techniques.map((technique) => [technique.id, technique])),
    core: setFile.parse(read('core-set.json')),
  }
}

/** `T1059` of `T1059.001`; a technique is its own parent. */
export function parentOf(technique: string): string {
  return technique.split('.')[0] ?? technique
}

/** Spreads what is known of techniques to their parents: proving `T1059.001` proves `T1059`, never the other way. */
export function withParents<V>(byTechnique: ReadonlyMap<string, V>, better: (a: V, b: V) => V): ReadonlyMap<string, V> {
  const spread = new Map(byTechnique)
  for (const [technique, value] of byTechnique) {
    const parent = parentOf(technique)
    if (parent === technique) continue
    const before = spread.get(parent)
    spread.set(parent, before === undefined ? value : better(before, value))
  }
  return spread
}
