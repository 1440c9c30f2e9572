import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryBudget } from './read-body.ts'

const LIMIT = 1000
const SHARE = 750

it('gives no sender more than three quarters, all together no more than there is, and everything back', () => {
  const step = fc.record({ sender: fc.constantFrom('a', 'b', 'c'), bytes: fc.integer({ min: 1, max: 400 }), give: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = memoryBudget(LIMIT)
      const held: { sender: string; bytes: number }[] = []
      const sum = (sender?: string): number =>
        held.reduce((total, one) => (sender === undefined || one.sender === sender ? total + one.bytes : total), 0)
      for (const { sender, bytes, give } of steps) {
        const last = give ? held.pop() : undefined
        if (last !== undefined) budget.of(last.sender).give(last.bytes)
        const fits = sum() + bytes <= LIMIT && sum(sender) + bytes <= SHARE
        expect(budget.of(sender).take(bytes)).toBe(fits)
        if (fits) held.push({ sender, bytes })
      }
      for (const { sender, bytes } of held) budget.of(sender).give(bytes)
      expect(budget.of('d').take(SHARE)).toBe(true)
      expect(budget.of('e').take(LIMIT - SHARE)).toBe(true)
    }),
  )
})
