import { LITERAL_CODE } from './literal-code.ts'
import { MEMORY } from './memory.ts'
import { TEST_CODE } from './test-code.ts'
import { VALUE_CODE } from './value-code.ts'

/**
 * The inner loops: reading JSON (json-scan.ts says what for) and finding grams. WebAssembly, because it looks at sixteen bytes at once and
 * runs at full speed from the first event on; V8's own compilers take a fifth of a short run to get there.
 */
export const SCAN_CODE = `(module
  (memory ${MEMORY.pages})
  (global $stamp) ;; the text at hand: what is found in it is marked with its number
  (global $kind)  ;; of the text value read last
  (global $breaks) ;; 1 when lines were broken between values
  (global $codes) ;; 1 when some value holds \\u…

  ;; 1 when from..to is one JSON object that every path was found in at most once, else 0.
  (func $scan (export "scan") (param $stamp i32) (param $from i32) (param $to i32) (result i32)
    (local $at i32)
    (global.set $stamp (local.get $stamp))
    (global.set $codes (i32.const 0))
    (local.set $at (call $space (local.get $from)))
    (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 123)) (then (return (i32.const 0))))
    (local.set $at (call $object (i32.add (local.get $at) (i32.const 1)) (i32.const 0) (i32.const 1)))
    (if (i32.eq (local.get $at) (i32.const -1)) (then (return (i32.const 0))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $to)))
        (br_if $done (i32.eqz (call $isSpace (i32.load8_u (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (return (i32.eq (local.get $at) (local.get $to))))

  ;; Where the line ends that begins at $from with one such object and holds nothing else; -1 when it does not.
  (func $line (export "line") (param $stamp i32) (param $from i32) (param $to i32) (result i32)
    (local $at i32) (local $byte i32)
    (global.set $stamp (local.get $stamp))
    (global.set $codes (i32.const 0))
    (global.set $breaks (i32.const 0))
    (if (i32.ne (i32.load8_u (local.get $from)) (i32.const 123)) (then (return (i32.const -1))))
    (local.set $at (call $object (i32.add (local.get $from) (i32.const 1)) (i32.const 0) (i32.const 1)))
    (if (i32.eq (local.get $at) (i32.const -1)) (then (return (i32.const -1))))
    (if (global.get $breaks) (then (return (i32.const -1))))
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $to)) (then (return (local.get $to))))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 10)) (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (call $isSpace (local.get $byte))))
    (return (i32.const -1)))

  (func $hasCodes (export "hasCodes") (result i32) (return (global.get $codes)))

  ;; The first place from $at on, in steps, whose gram is in the table; -1 when there is none before $to.
  (func $seek (param $table i32) (param $step i32) (param $at i32) (param $to i32) (result i32)
    (local $word i32) (local $gram i32)
    (local.set $to (i32.sub (local.get $to) (i32.const 2)))
    (block $none
      (loop $next
        (br_if $none (i32.ge_s (local.get $at) (local.get $to)))
        (local.set $word (i32.load (local.get $at)))
        (local.set $gram (i32.or
          (i32.or
            (i32.shl (i32.and (local.get $word) (i32.const 31)) (i32.const 10))
            (i32.and (i32.shr_u (local.get $word) (i32.const 3)) (i32.const 992)))
          (i32.and (i32.shr_u (local.get $word) (i32.const 16)) (i32.const 31))))
        (if (i32.and
              (i32.shr_u
                (i32.load8_u (i32.add (local.get $table) (i32.shr_u (local.get $gram) (i32.const 3))))
                (i32.and (local.get $gram) (i32.const 7)))
              (i32.const 1))
          (then (return (local.get $at))))
        (local.set $at (i32.add (local.get $at) (local.get $step)))
        (br $next)))
    (return (i32.const -1)))

  (func $isSpace (param $byte i32) (result i32)
    (return (i32.or
      (i32.or (i32.eq (local.get $byte) (i32.const 32)) (i32.eq (local.get $byte) (i32.const 10)))
      (i32.or (i32.eq (local.get $byte) (i32.const 13)) (i32.eq (local.get $byte) (i32.const 9))))))

  (func $space (param $at i32) (result i32)
    (local $byte i32)
    (block $done
      (loop $next
        (local.set $byte (i32.load8_u (local.get $at)))
        (br_if $done (i32.eqz (call $isSpace (local.get $byte))))
        (if (i32.eq (local.get $byte) (i32.const 10)) (then (global.set $breaks (i32.const 1))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (return (local.get $at)))

  ;; From behind the brace to behind the one that closes it; -1 for a fault, here and below.
  (func $object (param $at i32) (param $parent i32) (param $depth i32) (result i32)
    (local $start i32) (local $byte i32) (local $path i32)
    (local.set $at (call $space (local.get $at)))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 125)) (then (return (i32.add (local.get $at) (i32.const 1)))))
    (loop $member
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 34)) (then (return (i32.const -1))))
      (local.set $start (i32.add (local.get $at) (i32.const 1)))
      (local.set $at (call $key (local.get $start)))
      (if (i32.eq (local.get $at) (i32.const -1)) (then (return (i32.const -1))))
      (local.set $path (i32.const -1))
      (if (i32.ne (local.get $parent) (i32.const -1))
        (then (local.set $path
          (call $child (local.get $parent) (local.get $start) (i32.sub (local.get $at) (local.get $start))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 58))
        (then
          (local.set $at (call $space (local.get $at)))
          (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 58)) (then (return (i32.const -1))))))
      (local.set $at (call $value (i32.add (local.get $at) (i32.const 1)) (local.get $path) (local.get $depth)))
      (if (i32.eq (local.get $at) (i32.const -1)) (then (return (i32.const -1))))
      (local.set $at (call $space (local.get $at)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.eq (local.get $byte) (i32.const 125)) (then (return (local.get $at))))
      (if (i32.ne (local.get $byte) (i32.const 44)) (then (return (i32.const -1))))
      (local.set $at (call $space (local.get $at)))
      (br $member))
    (return (i32.const -1)))

  (func $array (param $at i32) (param $depth i32) (result i32)
    (local $byte i32)
    (local.set $at (call $space (local.get $at)))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 93)) (then (return (i32.add (local.get $at) (i32.const 1)))))
    (loop $element
      (local.set $at (call $value (local.get $at) (i32.const -1) (local.get $depth)))
      (if (i32.eq (local.get $at) (i32.const -1)) (then (return (i32.const -1))))
      (local.set $at (call $space (local.get $at)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.eq (local.get $byte) (i32.const 93)) (then (return (local.get $at))))
      (br_if $element (i32.eq (local.get $byte) (i32.const 44))))
    (return (i32.const -1)))

  ;; To behind the value, which is entered for its path.
  (func $value (param $at i32) (param $path i32) (param $depth i32) (result i32)
    (local $first i32) (local $end i32) (local $kind i32)
    (local.set $at (call $space (local.get $at)))
    (local.set $first (i32.load8_u (local.get $at)))
    (if (i32.eq (local.get $first) (i32.const 34))
      (then
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $end (call $text (local.get $at)))
        (if (i32.eq (local.get $end) (i32.const -1)) (then (return (i32.const -1))))
        (if (i32.eqz (call $enter (local.get $path) (global.get $kind) (local.get $at) (local.get $end)))
          (then (return (i32.const -1))))
        (return (i32.add (local.get $end) (i32.const 1)))))
    (if (i32.eq (local.get $first) (i32.const 123))
      (then
        ;; Entered before what is in it, so that a key written twice is seen.
        (if (i32.ge_s (local.get $depth) (i32.const 64)) (then (return (i32.const -1))))
        (if (i32.eqz (call $enter (local.get $path) (i32.const 8) (local.get $at) (local.get $at))) (then (return (i32.const -1))))
        (local.set $end
          (call $object (i32.add (local.get $at) (i32.const 1)) (local.get $path) (i32.add (local.get $depth) (i32.const 1))))
        (if (i32.ne (local.get $path) (i32.const -1))
          (then (i32.store offset=${MEMORY.found + 12} (i32.shl (local.get $path) (i32.const 4)) (local.get $end))))
        (return (local.get $end))))
    (local.set $kind (i32.const 4))
    (if (i32.eq (local.get $first) (i32.const 91))
      (then
        ;; Paths that lead through an array mean each of its elements.
        (if (i32.ge_s (local.get $depth) (i32.const 64)) (then (return (i32.const -1))))
        (if (call $isInner (local.get $path)) (then (return (i32.const -1))))
        (local.set $kind (i32.const 9))
        (local.set $end (call $array (i32.add (local.get $at) (i32.const 1)) (i32.add (local.get $depth) (i32.const 1)))))
      (else
        (if (i32.eq (local.get $first) (i32.const 116))
          (then
            (local.set $kind (i32.const 5))
            (local.set $end (call $ifThen
              (i32.eq (i32.load (local.get $at)) (i32.const 0x65757274)) (i32.add (local.get $at) (i32.const 4)))))
          (else
            (if (i32.eq (local.get $first) (i32.const 102))
              (then
                (local.set $kind (i32.const 6))
                (local.set $end (call $ifThen
                  (i32.and
                    (i32.eq (i32.load (local.get $at)) (i32.const 0x736c6166))
                    (i32.eq (i32.load8_u offset=4 (local.get $at)) (i32.const 101)))
                  (i32.add (local.get $at) (i32.const 5)))))
              (else
                (if (i32.eq (local.get $first) (i32.const 110))
                  (then
                    (local.set $kind (i32.const 7))
                    (local.set $end (call $ifThen
                      (i32.eq (i32.load (local.get $at)) (i32.const 0x6c6c756e)) (i32.add (local.get $at) (i32.const 4)))))
                  (else (local.set $end (call $number (local.get $at)))))))))))
    (if (i32.eq (local.get $end) (i32.const -1)) (then (return (i32.const -1))))
    (if (i32.eqz (call $enter (local.get $path) (local.get $kind) (local.get $at) (local.get $end))) (then (return (i32.const -1))))
    (return (local.get $end)))

  (func $ifThen (param $holds i32) (param $at i32) (result i32)
    (if (local.get $holds) (then (return (local.get $at))))
    (return (i32.const -1)))

  ;; 0 when the path was met before in this text: JSON.parse takes the last.
  (func $enter (param $path i32) (param $kind i32) (param $start i32) (param $end i32) (result i32)
    (local $place i32)
    (if (i32.eq (local.get $path) (i32.const -1)) (then (return (i32.const 1))))
    (local.set $place (i32.shl (local.get $path) (i32.const 4)))
    (if (i32.eq (i32.load offset=${MEMORY.found} (local.get $place)) (global.get $stamp)) (then (return (i32.const 0))))
    (i32.store offset=${MEMORY.found} (local.get $place) (global.get $stamp))
    (i32.store offset=${MEMORY.found + 4} (local.get $place) (local.get $kind))
    (i32.store offset=${MEMORY.found + 8} (local.get $place) (local.get $start))
    (i32.store offset=${MEMORY.found + 12} (local.get $place) (local.get $end))
    (return (i32.const 1)))

  ;; Whether paths lead on from this one: the highest bit of its length says so.
  (func $isInner (param $path i32) (result i32)
    (if (i32.eq (local.get $path) (i32.const -1)) (then (return (i32.const 0))))
    (return (i32.lt_s (i32.load offset=${MEMORY.paths + 12} (i32.shl (local.get $path) (i32.const 4))) (i32.const 0))))

  ;; Where the key leads; -1 for nowhere. Its hash is made of three words of it, as path-table.ts does.
  (func $child (param $parent i32) (param $key i32) (param $length i32) (result i32)
    (local $hash i32) (local $bucket i32) (local $path i32) (local $place i32)
    (local.set $hash (i32.mul
      (i32.add
        (i32.add (i32.mul (local.get $length) (i32.const 0x01000193)) (i32.mul (local.get $parent) (i32.const 0x27d4eb2f)))
        (i32.add
          (i32.mul (i32.load8_u (local.get $key)) (i32.const 0x165667b1))
          (i32.add
            (i32.mul (i32.load8_u (i32.add (local.get $key) (i32.shr_u (local.get $length) (i32.const 1)))) (i32.const 0x05ebca6b))
            (i32.mul
              (i32.load8_u (i32.sub (i32.add (local.get $key) (local.get $length)) (i32.const 1)))
              (i32.const 0x42b2ae35)))))
      (i32.const 0x1e3779b1)))
    (local.set $bucket (i32.shr_u (local.get $hash) (i32.const 16)))
    (loop $next
      (local.set $bucket (i32.and (local.get $bucket) (i32.const ${MEMORY.bucketCount - 1})))
      (local.set $path (i32.load offset=${MEMORY.buckets} (i32.shl (local.get $bucket) (i32.const 2))))
      (if (i32.eqz (local.get $path)) (then (return (i32.const -1))))
      (local.set $place (i32.shl (local.get $path) (i32.const 4)))
      (if (i32.and
            (i32.eq (i32.load offset=${MEMORY.paths} (local.get $place)) (local.get $parent))
            (i32.eq
              (i32.and (i32.load offset=${MEMORY.paths + 12} (local.get $place)) (i32.const 0x7fffffff))
              (local.get $length)))
        (then
          (if (call $isSame (i32.load offset=${MEMORY.paths + 8} (local.get $place)) (local.get $key) (local.get $length))
            (then (return (local.get $path))))))
      (local.set $bucket (i32.add (local.get $bucket) (i32.const 1)))
      (br $next))
    (return (i32.const -1)))

  ;; Whether two runs of bytes agree, sixteen at once; what stands behind them may be read and does not count.
  (func $isSame (param $one i32) (param $other i32) (param $length i32) (result i32)
    (local $same i32) (local $mask i32)
    (loop $next
      (local.set $same
        (i8x16.bitmask (i8x16.eq (v128.load (local.get $one)) (v128.load (local.get $other)))))
      (if (i32.lt_u (local.get $length) (i32.const 16))
        (then
          (local.set $mask (i32.sub (i32.shl (i32.const 1) (local.get $length)) (i32.const 1)))
          (return (i32.eq (i32.and (local.get $same) (local.get $mask)) (local.get $mask)))))
      (if (i32.ne (local.get $same) (i32.const 65535)) (then (return (i32.const 0))))
      (local.set $one (i32.add (local.get $one) (i32.const 16)))
      (local.set $other (i32.add (local.get $other) (i32.const 16)))
      (local.set $length (i32.sub (local.get $length) (i32.const 16)))
      (br $next))
    (return (i32.const 0)))

  ;; From behind the quote to the one that ends the key; a key with escapes is a fault.
  (func $key (param $at i32) (result i32)
    (local $block v128) (local $mask i32) (local $byte i32)
    (loop $next
      (local.set $block (v128.load (local.get $at)))
      (local.set $mask (i8x16.bitmask (v128.or
        (v128.or
          (i8x16.eq (local.get $block) (i8x16.splat (i32.const 34)))
          (i8x16.eq (local.get $block) (i8x16.splat (i32.const 92))))
        (i8x16.lt_s (local.get $block) (i8x16.splat (i32.const 32))))))
      (if (i32.eqz (local.get $mask))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next)))
      (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $mask))))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 34)) (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.ge_u (local.get $byte) (i32.const 128))))
    (return (i32.const -1)))

  ;; From behind the quote to the one that ends the text.
  (func $text (param $at i32) (result i32)
    (local $block v128) (local $mask i32) (local $byte i32) (local $kind i32)
    (local.set $kind (i32.const 1))
    (loop $next
      (local.set $block (v128.load (local.get $at)))
      (local.set $mask (i8x16.bitmask (v128.or
        (v128.or
          (i8x16.eq (local.get $block) (i8x16.splat (i32.const 34)))
          (i8x16.eq (local.get $block) (i8x16.splat (i32.const 92))))
        (i8x16.lt_s (local.get $block) (i8x16.splat (i32.const 32))))))
      (if (i32.eqz (local.get $mask))
        (then
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next)))
      (local.set $at (i32.add (local.get $at) (i32.ctz (local.get $mask))))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 34))
        (then
          (global.set $kind (local.get $kind))
          (return (local.get $at))))
      (if (i32.eq (local.get $byte) (i32.const 92))
        (then
          (local.set $byte (i32.load8_u offset=${MEMORY.escapes} (i32.load8_u offset=1 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 2)))
          (if (i32.eq (local.get $byte) (i32.const 1))
            (then
              (if (i32.eq (local.get $kind) (i32.const 1)) (then (local.set $kind (i32.const 2))))
              (br $next)))
          (local.set $kind (i32.const 3))
          (br_if $next (i32.eq (local.get $byte) (i32.const 2)))
          (if (i32.eqz (local.get $byte)) (then (return (i32.const -1))))
          (if (i32.eqz (call $isCode (local.get $at))) (then (return (i32.const -1))))
          (global.set $codes (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (br $next)))
      (local.set $kind (i32.const 3))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.ge_u (local.get $byte) (i32.const 128))))
    (return (i32.const -1)))

  ;; Whether four hexadecimal digits stand there.
  (func $isCode (param $at i32) (result i32)
    (local $end i32) (local $byte i32)
    (local.set $end (i32.add (local.get $at) (i32.const 4)))
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.ge_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 10))
        (then
          (if (i32.ge_u (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)) (i32.const 6))
            (then (return (i32.const 0))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (return (i32.const 1)))

  (func $number (param $at i32) (result i32)
    (local $first i32) (local $byte i32)
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 45)) (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
    (local.set $first (local.get $at))
    (local.set $at (call $digits (local.get $at)))
    (if (i32.eq (local.get $at) (local.get $first)) (then (return (i32.const -1))))
    (if (i32.and
          (i32.eq (i32.load8_u (local.get $first)) (i32.const 48))
          (i32.gt_u (local.get $at) (i32.add (local.get $first) (i32.const 1))))
      (then (return (i32.const -1))))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 46))
      (then
        (local.set $first (i32.add (local.get $at) (i32.const 1)))
        (local.set $at (call $digits (local.get $first)))
        (if (i32.eq (local.get $at) (local.get $first)) (then (return (i32.const -1))))))
    (if (i32.eq (i32.or (i32.load8_u (local.get $at)) (i32.const 32)) (i32.const 101))
      (then
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.or (i32.eq (local.get $byte) (i32.const 43)) (i32.eq (local.get $byte) (i32.const 45)))
          (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
        (local.set $first (local.get $at))
        (local.set $at (call $digits (local.get $first)))
        (if (i32.eq (local.get $at) (local.get $first)) (then (return (i32.const -1))))))
    (return (local.get $at)))

  (func $digits (param $at i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 10)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (return (local.get $at)))${LITERAL_CODE}${TEST_CODE}${VALUE_CODE})
`
