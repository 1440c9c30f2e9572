import { figureText, targetText } from '../declare/figure.ts'
import type { Comparator } from '../declare/schema.ts'
import { UNITS, type Unit } from '../kernel/measure.ts'
import { readIfThere } from '../platform/read-if-there.ts'
import type { PackageDeps } from '../prove/make-package.ts'
import type { Figures } from '../prove/report/words.ts'
import { VERIFIER } from './places.ts'

/** Figures as declarations write them; one of a unit that this version does not know stands as it is. */
export const FIGURES: Figures = {
  figure: (value, unit) => (isUnit(unit) ? figureText(value, unit) : asItIs(String(value), unit)),
  target: (comparator, target, unit) =>
    isUnit(unit) ? targetText(comparator as Comparator, target, unit) : asItIs(`${comparator} ${target}`, unit),
}

function isUnit(unit: string): unit is Unit {
  return (UNITS as readonly string[]).includes(unit)
}

function asItIs(text: string, unit: string): { readonly en: string; readonly ja: string } {
  return { en: `${text} ${unit}`, ja: `${text} ${unit}` }
}

let page: Promise<Uint8Array | undefined> | undefined

/** The verifier as the build made it; undefined when run from sources that were not built. */
export function readVerifier(): Promise<Uint8Array | undefined> {
  page ??= readIfThere(VERIFIER).then((text) => (text === undefined ? undefined : new TextEncoder().encode(text)))
  return page
}

/** What a package of evidence is made with, besides the key. */
export const PACKAGING: Omit<PackageDeps, 'signNote'> = { figures: FIGURES, verifier: readVerifier }
