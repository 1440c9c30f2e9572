import { z } from 'zod'

const text = z.string()
const fullName = z.object({
  product_id: text.min(1),
  name: text.default(''),
  product_identification_helper: z
    .object({ purl: text.optional(), purls: z.array(text).optional(), cpe: text.optional() })
    .optional(),
})
type FullName = z.infer<typeof fullName>

const branch = z.object({
  category: text.default(''),
  name: text.default(''),
  product: fullName.optional(),
  branches: z.array(z.unknown()).default([]),
})

/** What we read of `product_tree` in CSAF 2.0 (`relationships`) and 2.1 (`product_paths`). */
export const productTree = z.object({
  branches: z.array(z.unknown()).default([]),
  full_product_names: z.array(fullName).default([]),
  relationships: z
    .array(z.object({ product_reference: text, relates_to_product_reference: text, full_product_name: fullName }))
    .default([]),
  product_paths: z
    .array(
      z.object({
        beginning_product_reference: text,
        full_product_name: fullName,
        subpaths: z.array(z.object({ next_product_reference: text })).default([]),
      }),
    )
    .default([]),
})

/** A product as it can be looked up. Of a part of something else: the part, and what it is a part of. */
export interface CsafProduct {
  readonly id: string
  readonly name: string
  readonly purls: readonly string[]
  readonly cpe: string | undefined
  /** As the branches above say it, where they do. */
  readonly version: string | undefined
  /** As `vers:` range or in its words, where the branches give one instead of a version. */
  readonly range: string | undefined
  /** What it is installed on or part of, the nearest first. */
  readonly platforms: readonly CsafProduct[]
}

/** Branches of vendors go some ten deep; what is deeper is made to exhaust a reader. */
const DEEPEST = 50
/** A part of a part of a whole is as much as vendors write; a chain without end is no product. */
const MOST_PARTS = 10

/**
 * The products of a tree by their id; undefined for one that is not there, or that is made of itself.
 * @throws RangeError where branches go deeper than 50, ZodError where one has another form.
 */
export function productsOf(tree: z.infer<typeof productTree> | undefined): (id: string) => CsafProduct | undefined {
  const plain = new Map<string, CsafProduct>()
  const made = new Map<string, { readonly part: string; readonly on: readonly string[]; readonly whole: FullName }>()
  const learn = (product: FullName, version?: string, range?: string): void => {
    // The first counts: an id must not be given twice.
    if (!plain.has(product.product_id)) plain.set(product.product_id, ownOf(product, version, range))
  }
  const walk = (branches: readonly unknown[], depth: number, version?: string, range?: string): void => {
    if (depth > DEEPEST) throw new RangeError(`its branches go deeper than ${DEEPEST}`)
    for (const raw of branches) {
      const { category, name, product, branches: below } = branch.parse(raw)
      const own = category === 'product_version' ? name : version
      const within = category === 'product_version_range' ? name : range
      if (product !== undefined) learn(product, own, within)
      walk(below, depth + 1, own, within)
    }
  }
  walk(tree?.branches ?? [], 0)
  for (const product of tree?.full_product_names ?? []) learn(product)
  const make = (whole: FullName, part: string, on: readonly string[]): void => {
    if (!made.has(whole.product_id)) made.set(whole.product_id, { part, on, whole })
  }
  for (const { product_reference: part, relates_to_product_reference: on, full_product_name: whole } of tree?.relationships ?? [])
    make(whole, part, [on])
  for (const { beginning_product_reference: part, subpaths, full_product_name: whole } of tree?.product_paths ?? [])
    make(
      whole,
      part,
      subpaths.map(({ next_product_reference: next }) => next),
    )
  return (id) => resolve(id, plain, made)
}

type Made = ReadonlyMap<string, { readonly part: string; readonly on: readonly string[]; readonly whole: FullName }>

/** Goes from a whole to its part as long as that is one itself; what it is on is gathered on the way. */
function resolve(id: string, plain: ReadonlyMap<string, CsafProduct>, made: Made): CsafProduct | undefined {
  const names: FullName[] = []
  const platforms = new Map<string, CsafProduct>()
  let at = id
  for (let steps = 0; ; steps++) {
    const one = made.get(at)
    if (one === undefined) break
    if (steps > MOST_PARTS) return undefined
    names.push(one.whole)
    for (const platform of one.on) addPlatforms(platform, plain, made, platforms)
    at = one.part
  }
  const part = plain.get(at)
  if (part === undefined && names.length === 0) return undefined
  const own = names.map((whole) => ownOf(whole))
  return {
    id,
    name: own[0]?.name ?? part!.name,
    purls: [...new Set([...own.flatMap(({ purls }) => purls), ...(part?.purls ?? [])])],
    cpe: part?.cpe ?? own.find(({ cpe }) => cpe !== undefined)?.cpe,
    version: part?.version,
    range: part?.range,
    platforms: [...platforms.values()],
  }
}

function addPlatforms(id: string, plain: ReadonlyMap<string, CsafProduct>, made: Made, into: Map<string, CsafProduct>): void {
  const waiting = [id]
  for (let steps = 0; waiting.length > 0 && steps <= MOST_PARTS; steps++) {
    const at = waiting.shift()!
    const one = made.get(at)
    if (one !== undefined) waiting.push(one.part, ...one.on)
    else if (plain.has(at)) into.set(at, plain.get(at)!)
  }
}

function ownOf(
  { product_id: id, name, product_identification_helper: helper }: FullName,
  version?: string,
  range?: string,
): CsafProduct {
  const purls = [helper?.purl, ...(helper?.purls ?? [])].filter((one) => one?.startsWith('pkg:') === true) as string[]
  return { id, name, purls, cpe: helper?.cpe, version, range, platforms: [] }
}
