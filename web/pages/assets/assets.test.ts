import { expect, test } from 'vitest'
import { hostQuery } from './host-query.ts'
import { labelsText, readLabels, readNames } from './labels-text.ts'

test.each<[text: string, labels: Record<string, string>, wrong: number[]]>([
  ['', {}, []],
  ['team=shop\nenv = production ', { team: 'shop', env: 'production' }, []],
  ['team＝決済', { team: '決済' }, []],
  ['a=b=c', { a: 'b=c' }, []],
  ['team=shop\n\nnonsense\n=x\ny=', { team: 'shop' }, [3, 4, 5]],
  ['a=1\na=2', { a: '2' }, []],
  ['__proto__=x', JSON.parse('{"__proto__":"x"}') as Record<string, string>, []],
])('%j is read as labels, and the lines that are none are told', (text, labels, wrong) => {
  const read = readLabels(text)
  expect(Object.entries(read.labels)).toEqual(Object.entries(labels))
  expect(read.wrong).toEqual(wrong)
})

test('labels are written as they are read', () => {
  const labels = { team: 'shop', env: 'a=b' }
  expect(readLabels(labelsText(labels))).toEqual({ labels, wrong: [] })
})

test.each<[string, string[]]>([
  ['web-01\nweb-01.example.com, 192.0.2.1', ['web-01', 'web-01.example.com', '192.0.2.1']],
  ['Web-01\nweb-01', ['Web-01']],
  ['決済、受付', ['決済', '受付']],
  [' \n,', []],
])('%j is read as names', (text, names) => {
  expect(readNames(text)).toEqual(names)
})

test.each<[string[], string]>([
  [['web-01'], 'host.name:web-01'],
  [['web-01', '192.0.2.1'], 'host.name:web-01 OR host.ip:192.0.2.1'],
  [['2001:db8::1'], 'host.ip:"2001:db8::1"'],
  [['a "b" OR c'], 'host.name:"a \\"b\\" OR c"'],
])('the events of %j are found by %s', (names, query) => {
  expect(hostQuery(names)).toBe(query)
})
