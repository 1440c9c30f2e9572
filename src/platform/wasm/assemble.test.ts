import { expect, test } from 'vitest'
import { assemble } from './assemble.ts'
import { wasmText } from './load.ts'

const SUM = `(module
  (memory 1)
  (global $calls)
  ;; the sum of the numbers below n
  (func $sum (export "sum") (param $n i32) (result i32)
    (local $total i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (local.set $total (i32.add (local.get $total) (local.get $n)))
        (if (i32.gt_u (local.get $total) (i32.const 1000)) (then (return (i32.const -1))) (else (br $next)))))
    (return (local.get $total)))
  (func $calls (export "calls") (result i32) (return (global.get $calls)))
  (func $number (export "number") (result i32) (return (i32.const -123456789))))`

test('text becomes code that runs, with a memory and globals of its own', () => {
  const make = wasmText(SUM)
  const [one, other] = [make(), make()]
  const sum = one.code['sum'] as (n: number) => number
  expect([sum(0), sum(5), sum(45), sum(60)]).toEqual([0, 10, 990, -1])
  expect([one, other].map(({ code }) => (code['calls'] as () => number)())).toEqual([4, 0])
  expect((one.code['number'] as () => number)()).toBe(-123_456_789)
  expect(one.memory.byteLength).toBe(65_536)
  expect(one.memory).not.toBe(other.memory)
})

test.each([
  ['no module', '(func $f)'],
  ['an instruction that is not known', '(module (memory 1) (func $f (f64.sqrt (i32.const 1))))'],
  ['a variable that is not there', '(module (memory 1) (func $f (local.set $x (i32.const 1))))'],
  ['a label that is not there', '(module (memory 1) (func $f (br $x)))'],
])('%s is an error', (_what, text) => {
  expect(() => assemble(text)).toThrowError()
})
