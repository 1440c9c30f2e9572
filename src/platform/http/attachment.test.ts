import { expect, it } from 'vitest'
import { attachmentOf } from './attachment.ts'

it.each([
  ['shop-1.spdx.json', 'shop-1.spdx.json', 'shop-1.spdx.json'],
  ['受注.cdx.json', '-.cdx.json', '%E5%8F%97%E6%B3%A8.cdx.json'],
  ['../a"b\r\nx: y.json', '..-a-b-x-y.json', '..-a%22b%0D%0Ax%3A%20y.json'],
  ["o'k (1)*.json", 'o-k-1-.json', 'o%27k%20%281%29%2A.json'],
])('%j is saved under its name, and says nothing else', (name, plain, whole) => {
  expect(attachmentOf(name)).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${whole}`)
})
