import { begun, taken } from './bytes.ts'
import type { Transform } from './transform.ts'

const TOUCHED = /[A-Z"'\\^,;\t\r\n]| [ /(]/

/**
 * What a shell reads past: backslashes, quotes and carets go, commas, semicolons and runs of blanks become one space, spaces before
 * `/` and `(` go, letters become small.
 */
export const cmdLine: Transform = (value) => {
  if (!TOUCHED.test(value)) return value
  const into = begun(value, 0)
  let length = 0
  let afterSpace = false
  for (let at = 0; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    switch (byte) {
      case 34: // "
      case 39: // '
      case 92: // \
      case 94: // ^
        break
      case 9:
      case 10:
      case 13:
      case 32:
      case 44: // ,
      case 59: // ;
        if (!afterSpace) into[length++] = 32
        afterSpace = true
        break
      case 40: // (
      case 47: // /
        if (afterSpace) length -= 1
        afterSpace = false
        into[length++] = byte
        break
      default:
        into[length++] = byte >= 65 && byte <= 90 ? byte + 32 : byte
        afterSpace = false
    }
  }
  return taken(into, length)
}
