import type { Params } from './params.ts'

/**
 * SQL for a field's values in the document, as an array of texts. A key that itself holds the dots wins over the nested way, as
 * in the kernel's getPath.
 */
export function jsonValues(field: string, params: Params): string {
  const keys = field.split('.').map((key) => params.text(key))
  const nested = (json: string) => `JSONExtractRaw(${json}, ${keys.join(', ')})`
  if (keys.length === 1) return textsOf('doc', nested)
  const whole = params.text(field)
  return textsOf('doc', (json) => `if(JSONHas(${json}, ${whole}), JSONExtractRaw(${json}, ${whole}), ${nested(json)})`)
}

/** What a hot field's column could not hold; the column `irregular` is mostly empty, and small beside the document. */
export function irregularValues(field: string, params: Params): string {
  const name = params.text(field)
  return textsOf('irregular', (json) => `JSONExtractRaw(${json}, ${name})`)
}

/**
 * A JSON value, or each member of an array, as text; null and the empty text are no values. Only where nothing is found, it is
 * asked whether the engine could read the JSON at all.
 * @param read the value's JSON, empty where there is none.
 */
function textsOf(column: 'doc' | 'irregular', read: (json: string) => string): string {
  const found = read(column)
  const unread = `${found} = '' AND ${column} != '' AND NOT isValidJSON(${column})`
  const raw = `if(${unread}, arrayMap(j -> ${read('j')}, [${readable(column)}])[1], ${found})`
  const items = `arrayFlatten(arrayMap(j -> if(startsWith(j, '['), JSONExtractArrayRaw(j), [j]), [${raw}]))`
  // The engine writes 1e21 where JSON.stringify writes 1e+21.
  const number = `replaceRegexpOne(r, '^(-?[0-9.]+)e([0-9])', ${literal('\\1e+\\2')})`
  const texts = `arrayMap(r -> if(startsWith(r, '"'), JSONExtractString(r), ${number}), arrayFilter(r -> r != 'null', ${items}))`
  return `arrayFilter(t -> t != '', ${texts})`
}

/** Strings, what numbers are made of, and the rest: together all of a JSON text. */
const TOKENS = '(?s)"(?:[^"\\\\]|\\\\.)*"|[-+.eE0-9]+|[^"+.eE0-9-]+'

/**
 * The same JSON as the engine can read it: it refuses a whole document for one number beyond 64 bits and for half a surrogate pair,
 * both of which JSON.stringify writes. Such numbers become texts (JSON.stringify writes all digits of those below 1e21), and half
 * a pair becomes U+FFFD. Each escaped backslash is written in another way first, so that what looks like an escape is one.
 */
function readable(json: string): string {
  const alone = `replaceAll(${json}, ${literal('\\\\')}, ${literal('\\u005c')})`
  const whole = `replaceRegexpAll(${alone}, ${literal('\\\\ud[89a-f][0-9a-f]{2}')}, '\ufffd')`
  return `arrayStringConcat(arrayMap(t -> if(match(t, '^-?[0-9]{19,}$'), concat('"', t, '"'), t), extractAll(${whole}, ${literal(TOKENS)})))`
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\')}'`
}
