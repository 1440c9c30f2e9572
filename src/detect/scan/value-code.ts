import { MEMORY } from './memory.ts'

/** Where a table of values keeps what: the paths (their number, then each), where chains begin, and where the next entry goes. */
export const TABLE = { paths: 0, heads: 4, size: 8 } as const
export const TABLE_HEADS = 1024
/** An entry: the next of its chain, its hash, its number, then for each path the kind and length of its value and the value. */
export const KNOWN = { next: 0, hash: 4, number: 8, values: 12 } as const

/** Longer values hardly come again. */
const LONGEST = 128
/** Of one chain: whoever chooses values could make them meet. */
const MOST_ALIKE = 8

/** Recognising events that agree with an earlier one in the values at some paths. */
export const VALUE_CODE = `
  (global $hash)

  (func $hashOf (export "hashOf") (result i32) (return (global.get $hash)))

  ;; The number of the entry with these values; -1 when there is none, -2 when a value is a structure or long.
  (func $recall (export "recall") (param $table i32) (param $stamp i32) (result i32)
    (local $path i32) (local $last i32) (local $found i32) (local $hash i32) (local $at i32) (local $end i32) (local $entry i32) (local $left i32)
    (local.set $path (i32.add (i32.load offset=${TABLE.paths} (local.get $table)) (i32.const 4)))
    (local.set $last (i32.add
      (local.get $path) (i32.shl (i32.load (i32.load offset=${TABLE.paths} (local.get $table))) (i32.const 2))))
    (block $hashed
      (loop $next
        (br_if $hashed (i32.ge_u (local.get $path) (local.get $last)))
        (local.set $found (i32.shl (i32.load (local.get $path)) (i32.const 4)))
        (local.set $hash (i32.mul (local.get $hash) (i32.const 31)))
        (if (i32.eq (i32.load offset=${MEMORY.found} (local.get $found)) (local.get $stamp))
          (then
            (local.set $at (i32.load offset=${MEMORY.found + 8} (local.get $found)))
            (local.set $end (i32.load offset=${MEMORY.found + 12} (local.get $found)))
            (if (i32.or
                  (i32.ge_u (i32.load offset=${MEMORY.found + 4} (local.get $found)) (i32.const 8))
                  (i32.gt_u (i32.sub (local.get $end) (local.get $at)) (i32.const ${LONGEST})))
              (then (return (i32.const -2))))
            ;; Enough to tell most apart: length, the first byte, where "Security" and "security" differ, and the last four.
            (local.set $hash (i32.add
              (i32.add (local.get $hash) (i32.shl (i32.load8_u (local.get $at)) (i32.const 8)))
              (i32.sub (local.get $end) (local.get $at))))
            (if (i32.lt_s (local.get $at) (i32.sub (local.get $end) (i32.const 4)))
              (then (local.set $at (i32.sub (local.get $end) (i32.const 4)))))
            (block $read
              (loop $byte
                (br_if $read (i32.ge_u (local.get $at) (local.get $end)))
                (local.set $hash (i32.add
                  (i32.mul (local.get $hash) (i32.const 31)) (i32.load8_u (local.get $at))))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br $byte)))))
        (local.set $path (i32.add (local.get $path) (i32.const 4)))
        (br $next)))
    (global.set $hash (local.get $hash))
    (local.set $entry (i32.load (call $chainOf (local.get $table) (local.get $hash))))
    (local.set $left (i32.const ${MOST_ALIKE}))
    (block $unknown
      (loop $next
        (br_if $unknown (i32.eqz (local.get $entry)))
        (br_if $unknown (i32.eqz (local.get $left)))
        (if (i32.eq (i32.load offset=${KNOWN.hash} (local.get $entry)) (local.get $hash))
          (then
            (if (call $agrees (local.get $table) (local.get $entry) (local.get $stamp))
              (then (return (i32.load offset=${KNOWN.number} (local.get $entry)))))))
        (local.set $entry (i32.load offset=${KNOWN.next} (local.get $entry)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (return (i32.const -1)))

  (func $chainOf (export "chainOf") (param $table i32) (param $hash i32) (result i32)
    (return (i32.add
      (i32.load offset=${TABLE.heads} (local.get $table))
      (i32.shl
        (i32.shr_u (i32.mul (local.get $hash) (i32.const ${0x9e37_79b1 | 0})) (i32.const ${32 - Math.log2(TABLE_HEADS)}))
        (i32.const 2)))))

  (func $agrees (param $table i32) (param $entry i32) (param $stamp i32) (result i32)
    (local $path i32) (local $last i32) (local $found i32) (local $kind i32) (local $length i32) (local $value i32)
    (local.set $path (i32.add (i32.load offset=${TABLE.paths} (local.get $table)) (i32.const 4)))
    (local.set $last (i32.add
      (local.get $path) (i32.shl (i32.load (i32.load offset=${TABLE.paths} (local.get $table))) (i32.const 2))))
    (local.set $value (i32.add (local.get $entry) (i32.const ${KNOWN.values})))
    (block $all
      (loop $next
        (br_if $all (i32.ge_u (local.get $path) (local.get $last)))
        (local.set $found (i32.shl (i32.load (local.get $path)) (i32.const 4)))
        (local.set $kind (i32.const 0))
        (local.set $length (i32.const 0))
        (if (i32.eq (i32.load offset=${MEMORY.found} (local.get $found)) (local.get $stamp))
          (then
            (local.set $kind (i32.load offset=${MEMORY.found + 4} (local.get $found)))
            (local.set $length (i32.sub
              (i32.load offset=${MEMORY.found + 12} (local.get $found))
              (i32.load offset=${MEMORY.found + 8} (local.get $found))))))
        (if (i32.ne (i32.load (local.get $value)) (local.get $kind)) (then (return (i32.const 0))))
        (if (i32.ne (i32.load offset=4 (local.get $value)) (local.get $length)) (then (return (i32.const 0))))
        (local.set $value (i32.add (local.get $value) (i32.const 8)))
        (if (local.get $length)
          (then
            (if (i32.eqz (call $isSame
                  (local.get $value) (i32.load offset=${MEMORY.found + 8} (local.get $found)) (local.get $length)))
              (then (return (i32.const 0))))))
        (local.set $value (i32.add (local.get $value) (local.get $length)))
        (local.set $path (i32.add (local.get $path) (i32.const 4)))
        (br $next)))
    (return (i32.const 1)))
`
