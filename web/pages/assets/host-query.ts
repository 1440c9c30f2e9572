import { term } from '../timeline/query-text.ts'

/** Its events: whichever of its names the host or the address has. */
export function hostQuery(names: readonly string[]): string {
  return names.map((name) => term(/^[\d.]+$|^[\da-f:]+:[\da-f:]*$/i.test(name) ? 'host.ip' : 'host.name', name)).join(' OR ')
}
