import type { ComponentsReply } from '../assess/inventory/schema.ts'
import type { Language } from './language.ts'
import { columnsOf, plain } from './terminal-text.ts'

/** How much the server knows of what is installed: nothing found in no list says nothing. */
export interface Known {
  readonly assets: number
  readonly components: number
}

const WORDS = {
  en: {
    found: ({ total, assets }: ComponentsReply) =>
      `${total} ${total === 1 ? 'component' : 'components'} on ${assets} ${assets === 1 ? 'asset' : 'assets'}`,
    nowhere: ({ assets, components }: Known) => `Nowhere: ${components} components of ${assets} assets were looked at.`,
    unknown: 'No asset has told what is installed: that nothing was found says nothing.',
    unjudged: (count: number) =>
      `${count} so named ${count === 1 ? 'has' : 'have'} no version that the range could be asked of; without --range they are listed.`,
    cut: 'More are so named than were looked at: there may be more than this. Give more of the name.',
    more: (shown: number) => `These are the first ${shown}; there are more (--limit, at most 1000).`,
  },
  ja: {
    found: ({ total, assets }: ComponentsReply) => `資産${assets}台に${total}件`,
    nowhere: ({ assets, components }: Known) => `どこにもありません（資産${assets}台の部品${components}件を調べました）。`,
    unknown: 'インストールされているものを知らせた資産がまだないため、見つからなくても安全とは言えません。',
    unjudged: (count: number) =>
      `同じ名前の${count}件は、範囲と比べられるバージョンがありません。--range を付けなければ一覧に出ます。`,
    cut: '名前が一致するものが多すぎるため、一部しか調べていません。ほかにもある可能性があります。名前をもっと詳しく指定してください。',
    more: (shown: number) => `先頭の${shown}件だけを表示しました。続きがあります（--limit、最大1000）。`,
  },
} as const

/** A line for each component in columns: asset, name, version, place; then how many. What lists and hosts wrote is made harmless. */
export function whereText(found: ComponentsReply, known: Known, language: Language): string {
  const words = WORDS[language]
  const rows = found.items.map(({ asset, name, version, place, source }) =>
    [asset, name, version ?? '–', place === '' ? source : place].map(plain),
  )
  const widths = [0, 1, 2].map((at) => rows.reduce((most, row) => Math.max(most, columnsOf(row[at]!)), 0))
  const lines = rows.map((row) =>
    row.map((cell, at) => (at === 3 ? cell : `${cell}${' '.repeat(widths[at]! - columnsOf(cell))}`)).join('  '),
  )
  const none = known.assets === 0 ? [words.unknown] : found.complete ? [words.nowhere(known)] : []
  return [
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    ...(found.total > 0 ? [words.found(found)] : none),
    ...(found.complete ? [] : [words.cut]),
    ...(found.unjudged === 0 ? [] : [words.unjudged(found.unjudged)]),
    ...(found.total > found.items.length ? [words.more(found.items.length)] : []),
    '',
  ].join('\n')
}
