import { base64Decode, base64DecodeExt, base64Encode } from './base64.ts'
import { lowercase, uppercase } from './case.ts'
import { cmdLine } from './cmd-line.ts'
import { removeComments, removeCommentsChar, replaceComments } from './comments.ts'
import { cssDecode } from './css-decode.ts'
import { md5, sha1 } from './digest.ts'
import { hexDecode, hexEncode } from './hex.ts'
import { htmlEntityDecode } from './html-entity-decode.ts'
import { escapeSeqDecode, jsDecode } from './js-decode.ts'
import { length } from './length.ts'
import { normalisePath, normalisePathWin } from './normalise-path.ts'
import { removeNulls, replaceNulls } from './nulls.ts'
import { parityEven7bit, parityOdd7bit, parityZero7bit } from './parity.ts'
import { phpArgsNames } from './php-args-names.ts'
import { sqlHexDecode } from './sql-hex-decode.ts'
import type { Transform } from './transform.ts'
import { trim, trimLeft, trimRight } from './trim.ts'
import { urlDecode, urlDecodeUni, urlEncode } from './url-decode.ts'
import { utf8toUnicode } from './utf8-to-unicode.ts'
import { compressWhitespace, removeWhitespace } from './whitespace.ts'

/** By the lower-cased SecLang name, both spellings where there are two. `none` is the engine's. */
export const transforms: Readonly<Record<string, Transform>> = {
  base64decode: base64Decode,
  base64decodeext: base64DecodeExt,
  base64encode: base64Encode,
  cmdline: cmdLine,
  compresswhitespace: compressWhitespace,
  cssdecode: cssDecode,
  escapeseqdecode: escapeSeqDecode,
  hexdecode: hexDecode,
  hexencode: hexEncode,
  htmlentitydecode: htmlEntityDecode,
  jsdecode: jsDecode,
  length,
  lowercase,
  md5,
  normalisepath: normalisePath,
  normalisepathwin: normalisePathWin,
  normalizepath: normalisePath,
  normalizepathwin: normalisePathWin,
  parityeven7bit: parityEven7bit,
  parityodd7bit: parityOdd7bit,
  parityzero7bit: parityZero7bit,
  phpargsnames: phpArgsNames,
  removecomments: removeComments,
  removecommentschar: removeCommentsChar,
  removenulls: removeNulls,
  removewhitespace: removeWhitespace,
  replacecomments: replaceComments,
  replacenulls: replaceNulls,
  sha1,
  sqlhexdecode: sqlHexDecode,
  trim,
  trimleft: trimLeft,
  trimright: trimRight,
  uppercase,
  urldecode: urlDecode,
  urldecodeuni: urlDecodeUni,
  urlencode: urlEncode,
  utf8tounicode: utf8toUnicode,
}
