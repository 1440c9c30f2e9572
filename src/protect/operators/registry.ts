import { detectSQLi } from './detect-sqli/detect-sqli.ts'
import { detectXSS } from './detect-xss/detect-xss.ts'
import { ipMatch, ipMatchFromFile } from './ip-match.ts'
import { eq, ge, gt, le, lt } from './numbers.ts'
import type { Operator } from './operator.ts'
import { pm, pmFromFile } from './phrases.ts'
import { rx, rxGlobal } from './rx.ts'
import { beginsWith, contains, containsWord, endsWith, noMatch, streq, strmatch, unconditionalMatch, within } from './texts.ts'
import { unavailable } from './unavailable.ts'
import { validateByteRange, validateUrlEncoding, validateUtf8Encoding } from './validate.ts'
import { verifyCC, verifyCPF, verifySSN, verifySVNR } from './verify.ts'

/** By the lower-cased SecLang name, short forms too. */
export const operators: Readonly<Record<string, Operator>> = {
  ...unavailable,
  beginswith: beginsWith,
  contains,
  containsword: containsWord,
  detectsqli: detectSQLi,
  detectxss: detectXSS,
  endswith: endsWith,
  eq,
  ge,
  gt,
  ipmatch: ipMatch,
  ipmatchf: ipMatchFromFile,
  ipmatchfromfile: ipMatchFromFile,
  le,
  lt,
  nomatch: noMatch,
  pm,
  pmf: pmFromFile,
  pmfromfile: pmFromFile,
  rx,
  rxglobal: rxGlobal,
  streq,
  strmatch,
  unconditionalmatch: unconditionalMatch,
  validatebyterange: validateByteRange,
  validateurlencoding: validateUrlEncoding,
  validateutf8encoding: validateUtf8Encoding,
  verifycc: verifyCC,
  verifycpf: verifyCPF,
  verifyssn: verifySSN,
  verifysvnr: verifySVNR,
  within,
}
