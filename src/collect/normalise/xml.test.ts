import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unsound } from '../testing/ecs-fields.ts'
import { readXml } from './xml.ts'

describe('XML of logs', () => {
  it.each([
    ['<a/>', { a: '' }],
    ['<?xml version="1.0"?>\n<a>x</a>\n', { a: 'x' }],
    ['<a b="1" c=\'2\'>x</a>', { a: { '#attributes': { b: '1', c: '2' }, '#text': 'x' } }],
    ['<a><b>1</b><b>2</b><c/></a>', { a: { b: ['1', '2'], c: '' } }],
    ['<a>&lt;&#65;&#x42;&amp;amp;<![CDATA[<b>]]><!-- no --></a>', { a: '<AB&amp;<b>' }],
    ['<a><__proto__>x</__proto__></a>', { a: { _proto_: 'x' } }],
  ])('%s', (text, expected) => {
    expect(readXml(text)).toEqual(expected)
  })

  it.each([
    ['', 'no element'],
    ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'an element without a name'],
    ['<a>&x;</a>', 'an entity that XML does not have: &x'],
    ['<a>&', 'no end of <a>'],
    ['<a><b></a>', 'another end than that of <b>'],
    ['<a b=1/>', 'an attribute without quotation marks'],
    ['<a/><b/>', 'something behind the root element'],
    ['<a>'.repeat(40), 'nested deeper than 32 elements'],
  ])('refuses %s', (text, reason) => {
    expect(readXml(text)).toBe(reason)
  })

  it('never throws, and makes nothing unsound', () => {
    const parts = fc.constantFrom(
      '<',
      '>',
      '/',
      '<a',
      '</a>',
      '="',
      '"',
      '&',
      '&#x',
      ';',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      ' ',
      'é',
      '__proto__',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string()), { maxLength: 30 }), (pieces) => {
        const read = readXml(`<a>${pieces.join('')}`)
        if (typeof read !== 'string') expect(unsound(read)).toEqual([])
      }),
      { numRuns: 3_000 },
    )
  })
})
