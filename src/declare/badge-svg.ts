import type { BadgeState } from '../kernel/measure.ts'
import { targetText } from './figure.ts'
import type { BadgeJson, Bilingual } from './schema.ts'

/** The stone's edge and the two characters 完璧, right to left, as strokes on a square of 64. */
const EDGE =
  'M6.5 3.2 22 2.6l18 .5 17.2-.3c2.6.1 4 1.6 4.100 4l-.4 16 .5 17.500-.4 17c-.2 2.700-1.600 4-4.200 4.100L40 61l-17.500.6-15.600-.5C4.300 61 3 59.600 2.800 57.200L3.200 40l-.5-18 .4-15C3.200 4.500 4.300 3.300 6.500 3.200z'
const STROKES =
  'M8 36.500V10h10v6.500H8M11.500 22h6.500v9.500h-6.500zM25 8v4.500M20.500 12.500h9M22.800 15.200v4M27.200 15.200v4M20.500 22h9M21 28h8M25 22v14.500M8.500 41h20.500M10.500 47.800h16.500M8 55h21.500M18.700 41v14M23.500 50.500l1.800 1.800M45.500 8.500v5M35.500 20v-6.500h20V20M39 24.500h13M35.500 31h20M41.500 31v18h-6.500v6.500M49.500 31v24.500h6.500v-6'

const WORDS: Readonly<Record<BadgeState, Bilingual>> = {
  draft: { en: 'Not earned', ja: '未取得' },
  held: { en: 'Held', ja: '有効' },
  'at-risk': { en: 'At risk', ja: '要注意' },
  withdrawn: { en: 'Withdrawn', ja: '撤回' },
  expired: { en: 'Expired', ja: '失効' },
}

/** Colours by name, so that the badge follows the reader's light or dark page. */
const STYLE = `
.sheet{fill:#fdfcf9;stroke:#cfc8ba}.name{fill:#1d1b18}.word{fill:#48443d}.note{fill:#655f55}.fallen{fill:#b02d16}
.seal{fill:#c4351c}.on{stroke:#fffaf5}.shu{stroke:#c4351c}.cancel{stroke:#b02d16}.line{stroke:#8b8476}
@media (prefers-color-scheme:dark){.sheet{fill:#1e1c19;stroke:#4a453c}.name{fill:#f1ede4}.word{fill:#cfc8ba}.note{fill:#a9a294}
.fallen{fill:#f08a72}.seal{fill:#cf4328}.shu{stroke:#e0624a}.cancel{stroke:#f08a72}.line{stroke:#8b8476}}`

const WIDTH = 320
const HEIGHT = 84
const NAME_WIDTH = 216

/**
 * The public badge: a seal that is filled while held, outlined at risk, struck through with the double line that cancels
 * paper when withdrawn or expired, and a dashed box before it is earned. The state is always also a word. Draws with
 * paths and the reader's own fonts only; nothing is loaded.
 */
export function badgeSvg(badge: BadgeJson, language: 'en' | 'ja', now: number): string {
  const word = WORDS[badge.state][language]
  const name = badge.name[language]
  const fallen = badge.state === 'withdrawn' || badge.state === 'expired'
  const stateLine = stateText(badge, language, now)
  const description = [stateLine, badge.reason ?? '', ...badge.objectives.map((one) => objectiveText(one, language))]
    .filter((line) => line !== '')
    .join(' — ')
  const fonts =
    language === 'ja'
      ? "'Hiragino Sans','Noto Sans JP','Noto Sans CJK JP','BIZ UDPGothic',Meiryo,sans-serif"
      : "-apple-system,'Segoe UI','Noto Sans',Arial,sans-serif"
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t d" lang="${language}" xml:lang="${language}">
<title id="t">${escaped(`${name}: ${word}`)}</title>
<desc id="d">${escaped(description)}</desc>
<style>${STYLE}</style>
<rect class="sheet" x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="6"/>
<g transform="translate(13 13) scale(.906)">${seal(badge.state)}</g>
<g font-family="${fonts}">
<text class="name" x="88" y="32" font-size="${nameSize(name)}" font-weight="600"${squeezed(name)}>${escaped(name)}</text>
<text class="${fallen ? 'fallen' : 'word'}" x="88" y="51" font-size="12.5"${fallen ? ' font-weight="600"' : ''}>${escaped(stateLine)}</text>
<text class="note" x="88" y="68" font-size="11">${escaped(noteText(badge, language))}</text>
</g>
</svg>
`
}

function seal(state: BadgeState): string {
  const strokes = (name: string, width: number) =>
    `<path class="${name}" d="${STROKES}" fill="none" stroke-width="${width}" stroke-linejoin="round"/>`
  switch (state) {
    case 'held':
      return `<path class="seal" d="${EDGE}"/>${strokes('on', 2.5)}`
    case 'at-risk':
      return `<path class="shu" d="${EDGE}" fill="none" stroke-width="2.4"/>${strokes('shu', 2.3)}`
    case 'withdrawn':
    case 'expired':
      return `<g opacity=".5"><path class="shu" d="${EDGE}" fill="none" stroke-width="1.6"/>${strokes('shu', 1.9)}</g><path class="cancel" d="M-1 40.5 65 16M-1 47.500 65 23" fill="none" stroke-width="2"/>`
    case 'draft':
      return '<rect class="line" x="4" y="4" width="56" height="56" rx="4" fill="none" stroke-width="1.3" stroke-dasharray="3 4"/><circle class="line" cx="32" cy="32" r="13" fill="none" stroke-width="1.2"/><path class="line" d="M27.500 26v12.500M27.500 27.500h4M27.500 32h4M27.500 36.500h4.500M34.500 27h4v8.500h-2M34.500 27v13" fill="none" stroke-width="1.4"/>'
  }
}

const DAY_MS = 86_400_000

function stateText(badge: BadgeJson, language: 'en' | 'ja', now: number): string {
  const word = WORDS[badge.state][language]
  const since = badge.since.slice(0, 10)
  const days = Math.max(0, Math.floor((now - Date.parse(badge.since)) / DAY_MS))
  switch (badge.state) {
    case 'held':
      return language === 'ja' ? `${word} ${days}日` : `${word}, ${days} d`
    case 'draft':
      return word
    case 'at-risk':
      return language === 'ja' ? `${word}（${since}から）` : `${word} since ${since}`
    default:
      return `${word} ${since}`
  }
}

function noteText(badge: BadgeJson, language: 'en' | 'ja'): string {
  const met = badge.objectives.filter(({ state }) => state === 'met').length
  const all = badge.objectives.length
  const until = badge.validUntil.slice(0, 10)
  return language === 'ja' ? `目標 ${met}/${all} 達成・期限 ${until}` : `${met} of ${all} objectives met · until ${until}`
}

function objectiveText(one: BadgeJson['objectives'][number], language: 'en' | 'ja'): string {
  return `${one.id}: ${one.state} (${targetText(one.comparator, one.target, one.unit)[language]})`
}

/** Rough width in em: Japanese letters are full squares. */
function widthOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + (/[\u3000-\u9fff\uff00-\uff60]/u.test(letter) ? 1 : 0.56), 0)
}

function nameSize(name: string): number {
  return widthOf(name) * 16 <= NAME_WIDTH ? 16 : 13
}

/** A long name is drawn narrower rather than cut. */
function squeezed(name: string): string {
  return widthOf(name) * nameSize(name) <= NAME_WIDTH ? '' : ` textLength="${NAME_WIDTH}" lengthAdjust="spacingAndGlyphs"`
}

function escaped(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no place for control characters.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
  )
}
