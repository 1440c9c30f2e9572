import type { ErrorObject } from 'ajv'
import { type Bom, type Component, refusedBom } from './bom.ts'
import { isCycloneDxVersion, jsonValidator } from './cyclonedx-schema.ts'
import { listOf, objectOf, textOf } from './json.ts'

/** Reads a CycloneDX document in JSON, 1.2 to 1.7. @throws KanpekiError `sbom_invalid` with the first fault and its place. */
export function readCycloneDxJson(document: Readonly<Record<string, unknown>>, file: string): Bom {
  const version = document['specVersion']
  const validate = isCycloneDxVersion(version) ? jsonValidator(version) : undefined
  if (!isCycloneDxVersion(version) || validate === undefined)
    throw refusedBom(file, 'CycloneDX', [
      `there is no JSON of version ${JSON.stringify(version) ?? 'unknown'}; 1.2 to 1.7 are read`,
    ])
  if (!validate(document)) throw refusedBom(file, `CycloneDX ${version}`, (validate.errors ?? []).map(faultText))
  const twice = repeatedRef(document)
  if (twice !== undefined) throw refusedBom(file, `CycloneDX ${version}`, [`the bom-ref ${twice} is given twice`])
  const subject = objectOf(objectOf(document['metadata'])['component'])
  return {
    format: 'CycloneDX',
    version,
    subject: textOf(subject['purl']) ?? textOf(subject['name']),
    components: [...componentsIn(document['components'])],
  }
}

function faultText({ instancePath, message, params }: ErrorObject): string {
  const stray = (params as { additionalProperty?: string }).additionalProperty
  return `${instancePath === '' ? 'the document' : instancePath} ${message ?? 'is wrong'}${stray === undefined ? '' : ` (${stray})`}`
}

/** Components stand in components: the inner ones are installed like the outer. */
function* componentsIn(list: unknown): Generator<Component> {
  for (const item of listOf(list)) {
    const one = objectOf(item)
    const name = textOf(one['name'])
    const group = textOf(one['group'])
    if (name !== null)
      yield {
        name: group === null ? name : `${group}/${name}`,
        version: textOf(one['version']),
        purl: textOf(one['purl']),
        cpe: textOf(one['cpe']),
        type: textOf(one['type']) ?? 'library',
        ref: textOf(one['bom-ref']),
        ...sourceOf(one['properties']),
      }
    yield* componentsIn(one['components'])
  }
}

const SOURCE = 'aquasecurity:trivy:Src'

/** Trivy's package URLs leave the source package out; its properties say it (`SrcName`, `SrcVersion`, `SrcRelease`, `SrcEpoch`). */
function sourceOf(properties: unknown): Pick<Component, 'source'> {
  const said = new Map(
    listOf(properties)
      .map(objectOf)
      .map((one) => [textOf(one['name']) ?? '', textOf(one['value']) ?? '']),
  )
  const [name, version = '', release = '', epoch = '0'] = ['Name', 'Version', 'Release', 'Epoch'].map((word) =>
    said.get(`${SOURCE}${word}`),
  )
  if (name === undefined || name === '') return {}
  const whole = `${epoch === '0' || epoch === '' ? '' : `${epoch}:`}${version}${release === '' ? '' : `-${release}`}`
  return { source: { name, version: whole } }
}

/** A reference names one thing; the schema cannot say so. */
function repeatedRef(document: Readonly<Record<string, unknown>>): string | undefined {
  const seen = new Set<string>()
  const walk = (list: unknown): string | undefined => {
    for (const item of listOf(list)) {
      const one = objectOf(item)
      const ref = textOf(one['bom-ref'])
      if (ref !== null && seen.has(ref)) return ref
      if (ref !== null) seen.add(ref)
      const below = walk(one['components']) ?? walk(one['services'])
      if (below !== undefined) return below
    }
    return undefined
  }
  return walk(document['components']) ?? walk(document['services'])
}
