import { HOW } from './literal-code.ts'
import { MEMORY } from './memory.ts'

/** One literal that one field is asked for: what it must be to the text, its length, its first and its last byte; then the literal. */
export const LITERAL = { how: 0, length: 4, first: 8, last: 12, text: 16 } as const

/** Asking what was found at a path for one literal: all the answer, no candidate. Only of ASCII as JSON.stringify writes it. */
export const TEST_CODE = `
  (func $meets (export "meets") (param $literal i32) (param $path i32) (result i32)
    (local $from i32) (local $to i32) (local $length i32) (local $how i32) (local $spare i32)
    (local.set $path (i32.shl (local.get $path) (i32.const 4)))
    (local.set $from (i32.load offset=${MEMORY.found + 8} (local.get $path)))
    (local.set $to (i32.load offset=${MEMORY.found + 12} (local.get $path)))
    (local.set $length (i32.load offset=${LITERAL.length} (local.get $literal)))
    (local.set $spare (i32.sub (i32.sub (local.get $to) (local.get $from)) (local.get $length)))
    (if (i32.lt_s (local.get $spare) (i32.const 0)) (then (return (i32.const 0))))
    (local.set $how (i32.load offset=${LITERAL.how} (local.get $literal)))
    (if (i32.eqz (local.get $how))
      (then (return (call $holdsInside (local.get $literal) (local.get $length) (local.get $from)
        (i32.add (local.get $from) (local.get $spare))))))
    (if (i32.eq (local.get $how) (i32.const ${HOW.whole}))
      (then (if (local.get $spare) (then (return (i32.const 0))))))
    (global.set $textStart (local.get $from))
    (if (i32.eq (local.get $how) (i32.const ${HOW.end}))
      (then (local.set $from (i32.add (local.get $from) (local.get $spare)))))
    (return (call $stands (local.get $literal) (local.get $length) (local.get $from))))

  ;; Whether the literal begins at one of the places $from to $last: its ends are looked for sixteen places at once.
  (func $holdsInside (param $literal i32) (param $length i32) (param $from i32) (param $last i32) (result i32)
    (local $first v128) (local $end v128) (local $mask i32) (local $at i32) (local $place i32) (local $back i32)
    (global.set $textStart (local.get $from))
    (local.set $first (i8x16.splat (i32.load offset=${LITERAL.first} (local.get $literal))))
    (local.set $end (i8x16.splat (i32.load offset=${LITERAL.last} (local.get $literal))))
    (local.set $back (i32.sub (local.get $length) (i32.const 1)))
    (local.set $at (local.get $from))
    (block $none
      (loop $next
        (br_if $none (i32.gt_u (local.get $at) (local.get $last)))
        (local.set $mask (i8x16.bitmask (v128.and
          (i8x16.eq (call $folded (local.get $at)) (local.get $first))
          (i8x16.eq (call $folded (i32.add (local.get $at) (local.get $back))) (local.get $end)))))
        (block $done
          (loop $candidate
            (br_if $done (i32.eqz (local.get $mask)))
            (local.set $place (i32.add (local.get $at) (i32.ctz (local.get $mask))))
            (br_if $none (i32.gt_u (local.get $place) (local.get $last)))
            (if (call $stands (local.get $literal) (local.get $length) (local.get $place)) (then (return (i32.const 1))))
            (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
            (br $candidate)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (return (i32.const 0)))

  (func $stands (param $literal i32) (param $length i32) (param $at i32) (result i32)
    (if (call $isAlike (local.get $at) (i32.add (local.get $literal) (i32.const ${LITERAL.text})) (local.get $length))
      (then (return (call $isWhole (local.get $at)))))
    (return (i32.const 0)))

  (func $folded (param $at i32) (result v128)
    (local $block v128)
    (local.set $block (v128.load (local.get $at)))
    (return (v128.or
      (local.get $block)
      (v128.and
        (i8x16.lt_u (i8x16.sub (local.get $block) (i8x16.splat (i32.const 65))) (i8x16.splat (i32.const 26)))
        (i8x16.splat (i32.const 32))))))
`
