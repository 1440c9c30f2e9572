import { expect, it } from 'vitest'
import { codeOf } from '../platform/testing/code-of.ts'
import { refuseWeakPassword } from './weak-password.ts'

const NAMES = ['Minato Pay', 'mori.aiko', 'mori@minato.example']

it.each([
  'password1234',
  'P@ssw0rd2026!',
  'Passwort!!!!!!2025',
  'aaaaaaaaaaaaaa',
  'abcabcabcabc',
  '123456789012',
  '098765432109',
  'qwertyuiop12',
  'poiuytrewqlkj',
  'Minato-Pay-2026',
  'MinatoPay!!!2026',
  'moriaiko1999',
  'mori.aiko.mori.aiko',
  'administrator1',
  'Kanpeki2026!!',
  'ＰＡＳＳＷＯＲＤ１２３４',
  '            ',
  'パスパスパスパスパス',
])('refuses %j', (password) => {
  expect(codeOf(() => refuseWeakPassword(password, NAMES))).toBe('weak_password')
})

it.each([
  'correct horse battery staple',
  'tR7#kq-2Lm!9vX',
  'mori likes green trains on rainy days',
  'どこかの庭で猫が眠っている',
  'k3v-0x9-pmw-44t-zz1',
  'violet anchor 92 lemonade',
  'admin of seven silent lighthouses',
])('takes %j', (password) => {
  expect(codeOf(() => refuseWeakPassword(password, NAMES))).toBeUndefined()
})
