import { MEMORY } from './memory.ts'

/** Where an index of literals keeps what; sizes in bytes. Addresses are 0 for what it has none of. */
export const INDEX = {
  /** One bit for each gram that a literal inside a text is looked for by. */
  grams: 0,
  /** Only each so many places of a text are looked at. */
  step: 4,
  /** Which keys of the ends there are: a bit for each width, LONG for those of long literals. */
  starts: 8,
  ends: 12,
  /** Chains of entries by the hash of their key, and how far the hash is shifted. */
  heads: 16,
  shift: 20,
  /** The chain of literals that are too short for a gram. */
  tiny: 24,
  size: 28,
} as const

/** One way to find one literal. */
export const ENTRY_SIZE = 28
const NEXT = 0
const KEY = 4
const TEXT = 8
const LENGTH = 12
const ID = 16
/** Where the literal begins, counted back from the place that the key was read at. */
const BACK = 20
const WHOLE = 24

/** A literal as it is handed to `build`. */
export const ITEM = { text: 0, length: 4, id: 8, how: 12, size: 16 } as const
export const HOW = { inside: 0, start: 1, end: 2, whole: 3 } as const

/** A place where a value is looked for: a path, and what is there; then the fields of a program, after the count and the marks. */
export const PLACE_SIZE = 8
export const FIELD = { index: 0, meetsScalars: 4, places: 8, count: 12, size: 16 } as const
export const PROGRAM = { count: 0, marks: 4, fields: 8 } as const

/** File names share their last four characters (`.exe`): literals are told apart by the three before them. */
const SKIPPED = 4
const LONG_LENGTH = SKIPPED + 3
const LONG = 16

const KEY_OF_GRAM = 1 << 20
const KEY_OF_START = 2 << 20
const KEY_OF_END = 3 << 20
const KEY_OF_LONG = 1 << 18

/**
 * Finding literals in the bytes of texts, whatever their case: ASCII only, folded literals. A literal inside a text is entered with the grams
 * (three characters of five bits each: enough of a letter to tell it from others, the same for both cases) of `step` neighbouring places,
 * of which one must be hit when only each `step`-th place is looked at; one at an end of the text with three characters near there.
 */
export const LITERAL_CODE = `
  (global $textStart)
  (global $textEnd)
  (global $lookUp) ;; the number of this look-up
  (global $marks) ;; by id: the look-up in which it was found last
  (global $out)   ;; where the next id that is found goes
  (global $asked) ;; where the next field that must be asked otherwise goes

  ;; Enters the literals from $item to $last into an empty index, entries from $entry on, where they are rare by the counts at $common (0: none).
  (func $build (export "build")
    (param $index i32) (param $item i32) (param $last i32) (param $entry i32) (param $common i32)
    (local $text i32) (local $length i32) (local $how i32) (local $back i32) (local $gram i32) (local $step i32)
    (local.set $step (i32.load offset=${INDEX.step} (local.get $index)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $item) (local.get $last)))
        (local.set $text (i32.load offset=${ITEM.text} (local.get $item)))
        (local.set $length (i32.load offset=${ITEM.length} (local.get $item)))
        (local.set $how (i32.load offset=${ITEM.how} (local.get $item)))
        (if (local.get $how)
          (then
            (call $describe (local.get $entry) (local.get $item) (i32.const 0))
            (call $enterEnd (local.get $index) (local.get $entry) (local.get $text) (local.get $length) (local.get $how))
            (local.set $entry (i32.add (local.get $entry) (i32.const ${ENTRY_SIZE}))))
          (else
            (if (i32.lt_u (local.get $length) (i32.const 3))
              (then
                (call $describe (local.get $entry) (local.get $item) (i32.const 0))
                (i32.store offset=${NEXT} (local.get $entry) (i32.load offset=${INDEX.tiny} (local.get $index)))
                (i32.store offset=${INDEX.tiny} (local.get $index) (local.get $entry))
                (local.set $entry (i32.add (local.get $entry) (i32.const ${ENTRY_SIZE}))))
              (else
                (local.set $back (i32.const 0))
                (if (local.get $common)
                  (then (local.set $back (call $rarest
                    (local.get $text) (local.get $length) (local.get $step) (local.get $common)))))
                (local.set $length (i32.add (local.get $back) (local.get $step)))
                (loop $gram
                  (local.set $gram (call $gramAt (i32.add (local.get $text) (local.get $back))))
                  (call $learn (i32.load offset=${INDEX.grams} (local.get $index)) (local.get $gram))
                  (call $describe (local.get $entry) (local.get $item) (local.get $back))
                  (call $insert (local.get $index) (i32.or (local.get $gram) (i32.const ${KEY_OF_GRAM})) (local.get $entry))
                  (local.set $entry (i32.add (local.get $entry) (i32.const ${ENTRY_SIZE})))
                  (local.set $back (i32.add (local.get $back) (i32.const 1)))
                  (br_if $gram (i32.lt_u (local.get $back) (local.get $length))))))))
        (local.set $item (i32.add (local.get $item) (i32.const ${ITEM.size})))
        (br $next))))

  (func $describe (param $entry i32) (param $item i32) (param $back i32)
    (i32.store offset=${TEXT} (local.get $entry) (i32.load offset=${ITEM.text} (local.get $item)))
    (i32.store offset=${LENGTH} (local.get $entry) (i32.load offset=${ITEM.length} (local.get $item)))
    (i32.store offset=${ID} (local.get $entry) (i32.load offset=${ITEM.id} (local.get $item)))
    (i32.store offset=${BACK} (local.get $entry) (local.get $back))
    (i32.store offset=${WHOLE} (local.get $entry)
      (i32.eq (i32.load offset=${ITEM.how} (local.get $item)) (i32.const ${HOW.whole}))))

  (func $enterEnd (param $index i32) (param $entry i32) (param $text i32) (param $length i32) (param $how i32)
    (local $key i32) (local $bit i32) (local $place i32) (local $side i32)
    (local.set $place (i32.add (local.get $index) (i32.const ${INDEX.starts})))
    (local.set $side (i32.const 1))
    (local.set $key (i32.const ${KEY_OF_START}))
    (if (i32.ne (local.get $how) (i32.const ${HOW.start}))
      (then
        (local.set $place (i32.add (local.get $index) (i32.const ${INDEX.ends})))
        (local.set $side (i32.const -1))
        (local.set $key (i32.const ${KEY_OF_END}))
        (local.set $text (i32.sub (i32.add (local.get $text) (local.get $length)) (i32.const 1)))
        (i32.store offset=${BACK} (local.get $entry) (local.get $length))))
    (if (i32.ge_u (local.get $length) (i32.const ${LONG_LENGTH}))
      (then
        (local.set $bit (i32.const ${LONG}))
        (local.set $key (i32.or (local.get $key) (call $longKey (local.get $text) (local.get $side)))))
      (else
        (if (i32.gt_u (local.get $length) (i32.const 3)) (then (local.set $length (i32.const 3))))
        (local.set $bit (i32.shl (i32.const 1) (local.get $length)))
        (local.set $key (i32.or (local.get $key) (call $edge (local.get $text) (local.get $side) (local.get $length))))))
    (i32.store (local.get $place) (i32.or (i32.load (local.get $place)) (local.get $bit)))
    (call $insert (local.get $index) (local.get $key) (local.get $entry)))

  (func $insert (param $index i32) (param $key i32) (param $entry i32)
    (local $head i32)
    (local.set $head (call $headOf (local.get $index) (local.get $key)))
    (i32.store offset=${KEY} (local.get $entry) (local.get $key))
    (i32.store offset=${NEXT} (local.get $entry) (i32.load (local.get $head)))
    (i32.store (local.get $head) (local.get $entry)))

  (func $headOf (param $index i32) (param $key i32) (result i32)
    (return (i32.add
      (i32.load offset=${INDEX.heads} (local.get $index))
      (i32.shl
        (i32.shr_u
          (i32.mul (local.get $key) (i32.const ${0x9e37_79b1 | 0}))
          (i32.load offset=${INDEX.shift} (local.get $index)))
        (i32.const 2)))))

  ;; The $width characters from an end inwards ($side 1 or -1).
  (func $edge (param $at i32) (param $side i32) (param $width i32) (result i32)
    (local $key i32) (local $left i32)
    (local.set $left (local.get $width))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $key (i32.or
          (i32.shl (local.get $key) (i32.const 5)) (i32.and (i32.load8_u (local.get $at)) (i32.const 31))))
        (local.set $at (i32.add (local.get $at) (local.get $side)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (return (i32.or (local.get $key) (i32.shl (local.get $width) (i32.const 15)))))

  (func $longKey (param $at i32) (param $side i32) (result i32)
    (return (i32.or
      (call $edge (i32.add (local.get $at) (i32.mul (local.get $side) (i32.const ${SKIPPED}))) (local.get $side) (i32.const 3))
      (i32.const ${KEY_OF_LONG}))))

  (func $gramAt (param $at i32) (result i32)
    (local $word i32)
    (local.set $word (i32.load (local.get $at)))
    (return (i32.or
      (i32.or
        (i32.shl (i32.and (local.get $word) (i32.const 31)) (i32.const 10))
        (i32.and (i32.shr_u (local.get $word) (i32.const 3)) (i32.const 992)))
      (i32.and (i32.shr_u (local.get $word) (i32.const 16)) (i32.const 31)))))

  (func $learn (param $grams i32) (param $gram i32)
    (local $place i32)
    (local.set $place (i32.add (local.get $grams) (i32.shr_u (local.get $gram) (i32.const 3))))
    (i32.store8 (local.get $place) (i32.or
      (i32.load8_u (local.get $place)) (i32.shl (i32.const 1) (i32.and (local.get $gram) (i32.const 7))))))

  ;; Adds the grams of a text to the counts.
  (func $count (export "count") (param $counts i32) (param $at i32) (param $to i32)
    (local $place i32)
    (local.set $to (i32.sub (local.get $to) (i32.const 2)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $at) (local.get $to)))
        (local.set $place (i32.add (local.get $counts) (i32.shl (call $gramAt (local.get $at)) (i32.const 2))))
        (i32.store (local.get $place) (i32.add (i32.load (local.get $place)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  ;; Where in the literal the $step neighbouring grams begin that are least common together.
  (func $rarest (param $text i32) (param $length i32) (param $step i32) (param $common i32) (result i32)
    (local $sum i32) (local $least i32) (local $best i32) (local $at i32)
    (local.set $least (i32.const 0x7fffffff))
    (local.set $length (i32.sub (local.get $length) (i32.const 2)))
    (loop $next
      (local.set $sum (i32.add
        (local.get $sum) (call $commonAt (local.get $common) (i32.add (local.get $text) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.ge_u (local.get $at) (local.get $step))
        (then
          (if (i32.lt_s (local.get $sum) (local.get $least))
            (then
              (local.set $least (local.get $sum))
              (local.set $best (i32.sub (local.get $at) (local.get $step)))))
          (local.set $sum (i32.sub (local.get $sum) (call $commonAt
            (local.get $common) (i32.add (local.get $text) (i32.sub (local.get $at) (local.get $step))))))))
      (br_if $next (i32.lt_s (local.get $at) (local.get $length))))
    (return (local.get $best)))

  (func $commonAt (param $common i32) (param $at i32) (result i32)
    (return (i32.load (i32.add (local.get $common) (i32.shl (call $gramAt (local.get $at)) (i32.const 2))))))

  ;; How many literals the text from..to meets; their ids stand in the answer, each once.
  (func $find (export "find") (param $index i32) (param $from i32) (param $to i32) (param $marks i32) (param $lookUp i32) (result i32)
    (global.set $lookUp (local.get $lookUp))
    (global.set $marks (local.get $marks))
    (global.set $out (i32.const ${MEMORY.answer}))
    (call $lookUp (local.get $index) (local.get $from) (local.get $to))
    (return (i32.shr_u (i32.sub (global.get $out) (i32.const ${MEMORY.answer})) (i32.const 2))))

  ;; The same for each field of a program; fields that must be asked otherwise are counted at the beginning of their list.
  (func $announce (export "announce") (param $program i32) (param $stamp i32) (param $lookUp i32) (result i32)
    (local $field i32) (local $number i32) (local $count i32) (local $path i32) (local $kind i32) (local $index i32)
    (global.set $stamp (local.get $stamp))
    (global.set $lookUp (local.get $lookUp))
    (global.set $marks (i32.load offset=${PROGRAM.marks} (local.get $program)))
    (global.set $out (i32.const ${MEMORY.answer}))
    (global.set $asked (i32.const ${MEMORY.asked + 4}))
    (local.set $count (i32.load offset=${PROGRAM.count} (local.get $program)))
    (local.set $field (i32.add (local.get $program) (i32.const ${PROGRAM.fields})))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (local.get $count)))
        (local.set $path (call $locate (local.get $field)))
        (block $answered
          (br_if $answered (i32.eq (local.get $path) (i32.const -1)))
          (block $ask
            (br_if $ask (i32.eq (local.get $path) (i32.const -2)))
            (local.set $kind (i32.load offset=${MEMORY.found + 4} (local.get $path)))
            (if (i32.le_u (local.get $kind) (i32.const 2))
              (then
                (local.set $index (i32.load offset=${FIELD.index} (local.get $field)))
                (br_if $ask (i32.lt_s (local.get $index) (i32.const 1)))
                (call $lookUp
                  (local.get $index)
                  (i32.load offset=${MEMORY.found + 8} (local.get $path))
                  (i32.load offset=${MEMORY.found + 12} (local.get $path)))
                (br $answered)))
            ;; Null has no text.
            (br_if $answered (i32.eq (local.get $kind) (i32.const 7)))
            (if (i32.and (i32.ge_u (local.get $kind) (i32.const 4)) (i32.le_u (local.get $kind) (i32.const 6)))
              (then (br_if $answered (i32.eqz (i32.load offset=${FIELD.meetsScalars} (local.get $field)))))))
          (i32.store (global.get $asked) (local.get $number))
          (global.set $asked (i32.add (global.get $asked) (i32.const 4))))
        (local.set $field (i32.add (local.get $field) (i32.const ${FIELD.size})))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next)))
    (i32.store (i32.const ${MEMORY.asked})
      (i32.shr_u (i32.sub (global.get $asked) (i32.const ${MEMORY.asked + 4})) (i32.const 2)))
    (return (i32.shr_u (i32.sub (global.get $out) (i32.const ${MEMORY.answer})) (i32.const 2))))

  ;; Where it stands what was found for the first of the field's places that holds anything; -1 when none does, -2 when only the document tells.
  (func $locate (param $field i32) (result i32)
    (local $place i32) (local $left i32) (local $found i32) (local $means i32)
    (local.set $place (i32.load offset=${FIELD.places} (local.get $field)))
    (local.set $left (i32.load offset=${FIELD.count} (local.get $field)))
    (if (i32.lt_s (local.get $left) (i32.const 0)) (then (return (i32.const -2))))
    (block $absent
      (loop $next
        (br_if $absent (i32.eqz (local.get $left)))
        (local.set $found (i32.shl (i32.load (local.get $place)) (i32.const 4)))
        (if (i32.eq (i32.load offset=${MEMORY.found} (local.get $found)) (global.get $stamp))
          (then
            (local.set $means (i32.load offset=4 (local.get $place)))
            (if (i32.eqz (local.get $means)) (then (return (local.get $found))))
            (if (i32.eq (local.get $means) (i32.const 1))
              (then
                (if (i32.lt_u (i32.load offset=${MEMORY.found + 4} (local.get $found)) (i32.const 8))
                  (then (return (local.get $found))))))
            (return (i32.const -2))))
        (local.set $place (i32.add (local.get $place) (i32.const ${PLACE_SIZE})))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (return (i32.const -1)))

  (func $lookUp (param $index i32) (param $from i32) (param $to i32)
    (local $mask i32) (local $grams i32) (local $step i32) (local $at i32)
    (global.set $textStart (local.get $from))
    (global.set $textEnd (local.get $to))
    (local.set $mask (i32.load offset=${INDEX.starts} (local.get $index)))
    (if (local.get $mask)
      (then (call $lookUpEnd
        (local.get $index) (local.get $mask) (i32.const ${KEY_OF_START}) (local.get $from) (i32.const 1) (local.get $from))))
    (local.set $mask (i32.load offset=${INDEX.ends} (local.get $index)))
    (if (local.get $mask)
      (then (call $lookUpEnd
        (local.get $index) (local.get $mask) (i32.const ${KEY_OF_END})
        (i32.sub (local.get $to) (i32.const 1)) (i32.const -1) (local.get $to))))
    (local.set $grams (i32.load offset=${INDEX.grams} (local.get $index)))
    (if (local.get $grams)
      (then
        (local.set $step (i32.load offset=${INDEX.step} (local.get $index)))
        (local.set $at (local.get $from))
        (block $none
          (loop $next
            (local.set $at (call $seek (local.get $grams) (local.get $step) (local.get $at) (local.get $to)))
            (br_if $none (i32.eq (local.get $at) (i32.const -1)))
            (call $probe
              (local.get $index)
              (i32.or (call $gramAt (local.get $at)) (i32.const ${KEY_OF_GRAM}))
              (local.get $at))
            (local.set $at (i32.add (local.get $at) (local.get $step)))
            (br $next)))))
    (if (i32.load offset=${INDEX.tiny} (local.get $index)) (then (call $lookUpTiny (local.get $index)))))

  ;; $first: the character at the end; $anchor: what places of literals are counted from.
  (func $lookUpEnd
    (param $index i32) (param $mask i32) (param $kind i32) (param $first i32) (param $side i32) (param $anchor i32)
    (local $width i32) (local $length i32)
    (local.set $length (i32.sub (global.get $textEnd) (global.get $textStart)))
    (if (i32.and (local.get $mask) (i32.const ${LONG}))
      (then
        (if (i32.ge_u (local.get $length) (i32.const ${LONG_LENGTH}))
          (then (call $probe
            (local.get $index)
            (i32.or (call $longKey (local.get $first) (local.get $side)) (local.get $kind))
            (local.get $anchor))))))
    (local.set $width (i32.const 3))
    (loop $next
      (if (i32.and (i32.shr_u (local.get $mask) (local.get $width)) (i32.const 1))
        (then
          (if (i32.le_u (local.get $width) (local.get $length))
            (then (call $probe
              (local.get $index)
              (i32.or (call $edge (local.get $first) (local.get $side) (local.get $width)) (local.get $kind))
              (local.get $anchor))))))
      (local.set $width (i32.sub (local.get $width) (i32.const 1)))
      (br_if $next (i32.ge_s (local.get $width) (i32.const 0)))))

  (func $lookUpTiny (param $index i32)
    (local $entry i32) (local $at i32)
    (local.set $entry (i32.load offset=${INDEX.tiny} (local.get $index)))
    (loop $next
      (local.set $at (global.get $textStart))
      (block $done
        (loop $place
          (br_if $done (i32.ge_u (local.get $at) (global.get $textEnd)))
          (br_if $done (call $verify (local.get $entry) (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $place)))
      (local.set $entry (i32.load offset=${NEXT} (local.get $entry)))
      (br_if $next (local.get $entry))))

  (func $probe (param $index i32) (param $key i32) (param $anchor i32)
    (local $entry i32) (local $met i32)
    (local.set $entry (i32.load (call $headOf (local.get $index) (local.get $key))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $entry)))
        (if (i32.eq (i32.load offset=${KEY} (local.get $entry)) (local.get $key))
          (then (local.set $met (call $verify (local.get $entry) (local.get $anchor)))))
        (local.set $entry (i32.load offset=${NEXT} (local.get $entry)))
        (br $next))))

  ;; 1 when the entry's literal stands there; its id is then answered, unless it was before.
  (func $verify (param $entry i32) (param $anchor i32) (result i32)
    (local $start i32) (local $end i32) (local $mark i32)
    (local.set $start (i32.sub (local.get $anchor) (i32.load offset=${BACK} (local.get $entry))))
    (if (i32.lt_s (local.get $start) (global.get $textStart)) (then (return (i32.const 0))))
    (local.set $end (i32.add (local.get $start) (i32.load offset=${LENGTH} (local.get $entry))))
    (if (i32.gt_u (local.get $end) (global.get $textEnd)) (then (return (i32.const 0))))
    (if (i32.load offset=${WHOLE} (local.get $entry))
      (then (if (i32.ne (local.get $start) (global.get $textStart)) (then (return (i32.const 0))))))
    (if (i32.eqz (call $isAlike
          (local.get $start) (i32.load offset=${TEXT} (local.get $entry)) (i32.load offset=${LENGTH} (local.get $entry))))
      (then (return (i32.const 0))))
    (if (i32.eqz (call $isWhole (local.get $start))) (then (return (i32.const 0))))
    (local.set $mark (i32.add
      (global.get $marks) (i32.shl (i32.load offset=${ID} (local.get $entry)) (i32.const 2))))
    (if (i32.ne (i32.load (local.get $mark)) (global.get $lookUp))
      (then
        (i32.store (local.get $mark) (global.get $lookUp))
        (i32.store (global.get $out) (i32.load offset=${ID} (local.get $entry)))
        (global.set $out (i32.add (global.get $out) (i32.const 4)))))
    (return (i32.const 1)))

  ;; Whether a character begins there, and not the second half of an escape: an even number of backslashes stands before it.
  (func $isWhole (param $at i32) (result i32)
    (local $back i32)
    (local.set $back (local.get $at))
    (block $done
      (loop $next
        (br_if $done (i32.le_u (local.get $back) (global.get $textStart)))
        (br_if $done (i32.ne (i32.load8_u (i32.sub (local.get $back) (i32.const 1))) (i32.const 92)))
        (local.set $back (i32.sub (local.get $back) (i32.const 1)))
        (br $next)))
    (return (i32.eqz (i32.and (i32.sub (local.get $at) (local.get $back)) (i32.const 1)))))

  ;; Whether the text, folded, agrees with the literal, sixteen bytes at once.
  (func $isAlike (param $text i32) (param $literal i32) (param $length i32) (result i32)
    (local $block v128) (local $same i32) (local $mask i32)
    (loop $next
      (local.set $block (v128.load (local.get $text)))
      (local.set $block (v128.or
        (local.get $block)
        (v128.and
          (i8x16.lt_u (i8x16.sub (local.get $block) (i8x16.splat (i32.const 65))) (i8x16.splat (i32.const 26)))
          (i8x16.splat (i32.const 32)))))
      (local.set $same (i8x16.bitmask (i8x16.eq (local.get $block) (v128.load (local.get $literal)))))
      (if (i32.lt_u (local.get $length) (i32.const 16))
        (then
          (local.set $mask (i32.sub (i32.shl (i32.const 1) (local.get $length)) (i32.const 1)))
          (return (i32.eq (i32.and (local.get $same) (local.get $mask)) (local.get $mask)))))
      (if (i32.ne (local.get $same) (i32.const 65535)) (then (return (i32.const 0))))
      (local.set $text (i32.add (local.get $text) (i32.const 16)))
      (local.set $literal (i32.add (local.get $literal) (i32.const 16)))
      (local.set $length (i32.sub (local.get $length) (i32.const 16)))
      (br $next))
    (return (i32.const 0)))
`
