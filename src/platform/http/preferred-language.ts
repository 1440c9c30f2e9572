/** The language of a person: Japanese where `Accept-Language` prefers it to English, else English (RFC 9110 section 12.5.4). */
export function preferredLanguage(accepted: string | undefined): 'en' | 'ja' {
  if (accepted === undefined) return 'en'
  let best: 'en' | 'ja' = 'en'
  let bestWeight = 0
  for (const part of accepted.split(',')) {
    const [range = '', ...parameters] = part.trim().toLowerCase().split(';')
    const language = range.split('-')[0]
    if (language !== 'en' && language !== 'ja') continue
    const said = parameters.map((each) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(each)?.[1]).find((each) => each !== undefined)
    const weight = said === undefined ? 1 : Number(said)
    if (weight <= bestWeight) continue
    best = language
    bestWeight = weight
  }
  return best
}
