import { canonicalJson, isJsonObject } from '../../kernel/json.ts'
import type { Language } from '../../platform/report/model.ts'
import { type Found, listIn, numberIn, severityIn, textIn, whoIn, wordsIn } from './read.ts'
import { CARD_CHANGES, type Figures, SENTENCES, STATE_WORDS } from './words.ts'

/** The title of an objective, as declarations among the entries give it. */
export type Titles = ReadonlyMap<string, string>

/** `card objective` → title, from every declaration that is among the entries; the last one counts. */
export function titlesIn(entries: readonly Found[], language: Language): Titles {
  const titles = new Map<string, string>()
  for (const { type, body } of entries) {
    const document = body['document']
    if (type !== 'card' || !isJsonObject(document)) continue
    const card = textIn(body, 'card') ?? ''
    const name = wordsIn(document, 'name', language)
    if (name !== undefined) titles.set(card, name)
    for (const one of [...listIn(document, 'objectives'), ...listIn(document, 'forbidden')]) {
      const title = isJsonObject(one) ? wordsIn(one, 'title', language) : undefined
      if (title !== undefined && isJsonObject(one)) titles.set(`${card} ${textIn(one, 'id') ?? ''}`, title)
    }
  }
  return titles
}

export function stateWord(state: string | undefined, language: Language): string {
  if (state === undefined) return SENTENCES[language].none
  return STATE_WORDS[state]?.[language] ?? state
}

export function objectiveTitle({ body }: Found, titles: Titles): string {
  const objective = textIn(body, 'objective') ?? textIn(body, 'measure') ?? ''
  return titles.get(`${textIn(body, 'card') ?? ''} ${objective}`) ?? objective
}

/** The measured figure as people write it. */
export function figureOf({ body }: Found, figures: Figures, language: Language): string {
  const value = numberIn(body, 'value')
  return value === undefined ? SENTENCES[language].none : figures.figure(value, textIn(body, 'unit') ?? 'count')[language]
}

export function targetOf({ body }: Found, figures: Figures, language: Language): string {
  const target = numberIn(body, 'target')
  if (target === undefined) return SENTENCES[language].none
  return figures.target(textIn(body, 'comparator') ?? '=', target, textIn(body, 'unit') ?? 'count')[language]
}

/** What an entry says, in a line. */
export function sayEntry(entry: Found, titles: Titles, figures: Figures, language: Language): string {
  const { type, body } = entry
  const card = textIn(body, 'card')
  const cardName = card === undefined ? undefined : (titles.get(card) ?? card)
  const line = (...parts: readonly (string | undefined)[]) =>
    parts.filter((part) => part !== undefined && part !== '').join(' · ')
  switch (type) {
    case 'measure':
      return line(
        objectiveTitle(entry, titles),
        figureOf(entry, figures, language),
        targetOf(entry, figures, language),
        stateWord(textIn(body, 'state'), language),
      )
    case 'badge':
      return line(cardName, `${stateWord(textIn(body, 'from'), language)} → ${stateWord(textIn(body, 'to'), language)}`)
    case 'evaluation':
      return line(cardName, stateWord(textIn(body, 'state'), language))
    case 'card': {
      const change = textIn(body, 'change') ?? ''
      return line(cardName, CARD_CHANGES[change]?.[language] ?? change, textIn(body, 'version'), whoIn(body))
    }
    case 'alert':
      return line(textIn(body, 'title') ?? textIn(body, 'change'), severityIn(body))
    case 'verdict':
      return line(textIn(body, 'change'), textIn(body, 'verdict'), whoIn(body), textIn(body, 'note'))
    case 'incident': {
      const said = (language === 'ja' ? textIn(body, 'saidJa') : undefined) ?? textIn(body, 'said') ?? textIn(body, 'action')
      return line(said, whoIn(body), textIn(body, 'note'))
    }
    case 'batch':
      return SENTENCES[language].events(numberIn(body, 'events') ?? 0)
    case 'segment':
      return line(textIn(body, 'file'), textIn(body, 'dropped'))
    default: {
      const said = line(
        textIn(body, 'action') ?? textIn(body, 'change') ?? textIn(body, 'scenario'),
        textIn(body, 'result'),
        whoIn(body),
        textIn(body, 'target'),
      )
      return said === '' ? canonicalJson(body).slice(0, 160) : said
    }
  }
}
