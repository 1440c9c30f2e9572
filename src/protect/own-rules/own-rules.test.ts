import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadRules } from '../seclang/load.ts'
import { type Asked, ask, encoded } from '../testing/ask.ts'
import { EVASIONS } from '../testing/evasions.ts'
import { EVERYDAY } from '../testing/everyday.ts'

const folder = fileURLToPath(new URL('../../../content/protect/', import.meta.url))
const files = globSync(`${folder}*.conf`).sort()

interface Cases {
  readonly finds: readonly string[]
  readonly passes: readonly string[]
}

const cases = parse(readFileSync(`${folder}cases.yml`, 'utf8')) as Record<string, Cases>

/** `header A: b & C: d`; ` -` for a header that a browser sends and this request lacks. */
function withHeaders(text: string): Asked {
  const missing = /^(\S+) -$/.exec(text)
  if (missing !== null) return { without: [missing[1]!] }
  const headers = text.split(' & ').map((each): [string, string] => {
    const colon = each.indexOf(':')
    return [each.slice(0, colon), each.slice(colon + 1).trim()]
  })
  return { headers }
}

function requestOf(line: string): Asked {
  const [, place = '', rest = ''] = /^(header|method|target|name|json|xml|file|body) ([\s\S]*)$/.exec(line) ?? []
  switch (place) {
    case 'header':
      return withHeaders(rest)
    case 'method':
      return { method: rest }
    case 'target':
      return { target: rest }
    case 'name':
      return { target: `/shop?${encoded(rest)}=1` }
    case 'json':
      return { headers: [['Content-Type', 'application/json']], body: rest }
    case 'xml':
      return { headers: [['Content-Type', 'application/xml']], body: rest }
    case 'file':
      return {
        headers: [['Content-Type', 'multipart/form-data; boundary=edge']],
        body: `--edge\r\nContent-Disposition: form-data; name="upload"; filename="${rest}"\r\nContent-Type: image/jpeg\r\n\r\nbytes\r\n--edge--\r\n`,
      }
    case 'body': {
      const [, type = '', body = ''] = /^(\S+) ([\s\S]*)$/.exec(rest)!
      return { headers: [['Content-Type', type]], body }
    }
    default:
      return { target: `/shop?q=${encoded(line)}` }
  }
}

describe('our own rules', () => {
  const loaded = loadRules({ files, set: { 'tx.kanpeki_paranoia': '3' } })

  test('load, each under an id of its own', () => {
    expect(loaded.refused).toEqual([])
    const ids = files.flatMap((file) => [...readFileSync(file, 'latin1').matchAll(/\bid:(\d+)/g)].map(([, id]) => Number(id)))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => id < 7_300_000 || id > 7_399_999)).toEqual([])
  })

  test('find what they are for, and leave its neighbour alone', () => {
    const scored = files.flatMap((file) =>
      [...readFileSync(file, 'latin1').matchAll(/\bid:(\d+)(?:(?!\bid:)[\s\S])*?kanpeki_score=\+/g)].map(([, id]) => id!),
    )
    expect(scored.filter((id) => cases[id] === undefined)).toEqual([])
    const wrong: string[] = []
    let asked = 0
    for (const [id, { finds, passes }] of Object.entries(cases)) {
      const isFound = (line: string) => ask(loaded.waf, requestOf(line)).rules.includes(Number(id))
      asked += finds.length + passes.length
      wrong.push(...finds.filter((line) => !isFound(line)).map((line) => `${id} misses ${line}`))
      wrong.push(...passes.filter(isFound).map((line) => `${id} stops at ${line}`))
      if (finds.length === 0 || passes.length === 0) wrong.push(`${id} lacks cases`)
    }
    console.log(`${asked} cases of ${Object.keys(cases).length} rules`)
    expect(wrong).toEqual([])
  })
})

/** Techniques that are not stopped at level 1, with the reason. */
const NOT_STOPPED: Readonly<Record<string, string>> = {
  'another method in a header': 'some applications need it; it scores 3 of 5 and stops together with another sign',
}

describe('at the lowest level of paranoia', () => {
  const { waf } = loadRules({ files })
  const isStopped = (request: Asked) => ask(waf, request).interruption !== undefined

  test('our own rules stop attacks however they are dressed', () => {
    const missed = EVASIONS.filter(({ request }) => !isStopped(request))
    const techniques = [...new Set(EVASIONS.map(({ technique }) => technique))]
    for (const technique of techniques) {
      const all = EVASIONS.filter((each) => each.technique === technique).length
      const lost = missed.filter((each) => each.technique === technique).length
      console.log(`${technique}: ${all - lost} of ${all} stopped`)
    }
    expect(missed.map(({ what }) => what)).toEqual(Object.keys(NOT_STOPPED))
    expect(EVASIONS.length).toBeGreaterThanOrEqual(146)
  })

  test('our own rules let everyday requests pass', () => {
    const stopped = EVERYDAY.filter(isStopped)
    console.log(`${stopped.length} of ${EVERYDAY.length} everyday requests stopped`)
    expect(stopped).toEqual([])
  })
})
