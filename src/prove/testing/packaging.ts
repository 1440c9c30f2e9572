import type { PackageDeps } from '../make-package.ts'

const plain = (text: string) => ({ en: text, ja: text })

/** Packages with plain figures, and without the verifier, which only a build makes. */
export const PLAIN_PACKAGING: Omit<PackageDeps, 'signNote'> = {
  figures: {
    figure: (value, unit) => plain(`${value} ${unit}`),
    target: (comparator, target, unit) => plain(`${comparator} ${target} ${unit}`),
  },
  verifier: async () => undefined,
}
