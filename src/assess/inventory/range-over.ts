import { parsePurl } from '../purl/purl.ts'
import { inRange, readRange, type VersionRange } from '../vers/range.ts'
import { schemeOfType } from '../version/schemes.ts'

/** Whether a version lies in the range; undefined where there is none, or where no order of its kind of version is known. */
export type RangeOver = (component: { readonly version: string | null; readonly purl: string | null }) => boolean | undefined

/**
 * Reads a range over components of several kinds. With `vers:TYPE/` that type orders every version; without it (`<2.17`,
 * `>=2|<2.17`) each package is ordered as the type of its own package URL says.
 * @throws KanpekiError `range_invalid`.
 */
export function rangeOver(text: string): RangeOver {
  if (text.trim().startsWith('vers:')) {
    const range = readRange(text)
    return ({ version }) => (version === null ? undefined : inRange(version, range))
  }
  // It must be a range even where no component asks it.
  readRange(`vers:generic/${text}`)
  const ranges = new Map<string, VersionRange>()
  return ({ version, purl }) => {
    const type = typeOf(purl)
    if (version === null || type === undefined || schemeOfType(type) === undefined) return undefined
    const range = ranges.get(type) ?? readRange(`vers:${type}/${text}`)
    ranges.set(type, range)
    return inRange(version, range)
  }
}

function typeOf(purl: string | null): string | undefined {
  if (purl === null) return undefined
  try {
    return parsePurl(purl).type
  } catch {
    return undefined
  }
}
