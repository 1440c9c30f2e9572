import type { BodyProcessor } from './body.ts'
import { readJson } from './json.ts'
import { readMultipart } from './multipart.ts'
import { readUrlencoded } from './urlencoded.ts'
import { readXml } from './xml.ts'

/** By the name that `REQBODY_PROCESSOR` and `ctl:requestBodyProcessor` use. */
export const bodyProcessors: Readonly<Record<string, BodyProcessor>> = {
  URLENCODED: readUrlencoded,
  MULTIPART: readMultipart,
  JSON: readJson,
  XML: readXml,
}
