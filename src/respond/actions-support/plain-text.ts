/** Control characters, and those that turn the direction of a line or hide in it (CVE-2021-42574). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** One line that is safe as a subject or a title: no line break reaches a header, and nothing unseen a person. */
export function oneLine(text: string, most: number): string {
  return cut(
    text
      .replaceAll(/[\s\u2028\u2029]+/g, ' ')
      .replaceAll(UNSEEN, '')
      .trim(),
    most,
  )
}

export function manyLines(text: string, most: number): string {
  return cut(text.replaceAll(/\r\n?|\u2028|\u2029/g, '\n').replaceAll(UNSEEN, ''), most)
}

/**
 * Text that Markdown shows as it is: in a fence longer than any in it, so that neither links, images, mentions nor HTML of an
 * attacker are drawn (CommonMark 0.31, §4.5).
 */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}

/** By code points, so that no half character is left. */
function cut(text: string, most: number): string {
  const points = [...text]
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`
}
