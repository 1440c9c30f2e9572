/** The two zones a person can choose between: where they sit, and UTC. */
export const ZONES = ['local', 'utc'] as const
export type Zone = (typeof ZONES)[number]

/** IANA name of the zone this browser runs in. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

export function zoneName(zone: Zone, local: string = localZone()): string {
  return zone === 'utc' ? 'UTC' : local
}

// CLDR abbreviates a zone only in the locales of the places that use it.
const LOCALES_THAT_ABBREVIATE = ['en-US', 'ja-JP', 'en-GB', 'en-AU', 'en-IN', 'ko-KR']

/** What people call the zone at that moment: JST, CET, PDT; `UTC+5:45` where there is no such word. */
export function zoneLabel(timeZone: string, at: number): string {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') return 'UTC'
  let offset = ''
  for (const locale of LOCALES_THAT_ABBREVIATE) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(at)
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
    if (/^[A-Z]{2,5}$/.test(name)) return name === 'GMT' && timeZone.startsWith('Etc/') ? 'UTC' : name
    if (offset === '' && name.startsWith('GMT')) offset = name.replace('GMT', 'UTC')
  }
  return offset === '' ? timeZone : offset
}
