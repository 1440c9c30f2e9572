import { z } from 'zod'
import { type Bom, type Component, refusedBom } from './bom.ts'
import { listOf, objectOf, textOf } from './json.ts'

// ── SPDX 2.2 and 2.3 in JSON ──

const spdxId = z.string().regex(/^SPDXRef-[a-zA-Z0-9.-]+$/, 'an identifier like SPDXRef-Package-1')
const externalRef = z.object({
  referenceCategory: z.string(),
  referenceType: z.string().min(1),
  referenceLocator: z.string().min(1),
})
const document2 = z.object({
  spdxVersion: z.enum(['SPDX-2.2', 'SPDX-2.3']),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  dataLicense: z.literal('CC0-1.0'),
  name: z.string().min(1),
  documentNamespace: z.string().min(1),
  creationInfo: z.object({ created: z.iso.datetime({ offset: true }), creators: z.array(z.string()).min(1) }),
  packages: z
    .array(
      z.object({
        SPDXID: spdxId,
        name: z.string().min(1),
        downloadLocation: z.string(),
        versionInfo: z.string().optional(),
        primaryPackagePurpose: z.string().optional(),
        sourceInfo: z.string().optional(),
        externalRefs: z.array(externalRef).optional(),
      }),
    )
    .default([]),
  files: z.array(z.object({ SPDXID: spdxId })).default([]),
  snippets: z.array(z.object({ SPDXID: spdxId })).default([]),
  relationships: z
    .array(
      z.object({ spdxElementId: z.string().min(1), relatedSpdxElement: z.string().min(1), relationshipType: z.string().min(1) }),
    )
    .default([]),
})

/** Reads SPDX 2.2 or 2.3 in JSON. @throws KanpekiError `sbom_invalid`. */
export function readSpdx2(document: unknown, file: string): Bom {
  const parsed = document2.safeParse(document)
  if (!parsed.success)
    throw refusedBom(
      file,
      'SPDX 2.3',
      parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`),
    )
  const { spdxVersion, name, packages, files, snippets, relationships } = parsed.data
  const ids = [...packages, ...files, ...snippets].map(({ SPDXID }) => SPDXID)
  const known = new Set([...ids, 'SPDXRef-DOCUMENT', 'NONE', 'NOASSERTION'])
  const faults = [
    ...repeated(ids).map((id) => `${id} is given to two elements`),
    ...relationships
      .flatMap(({ spdxElementId, relatedSpdxElement }) => [spdxElementId, relatedSpdxElement])
      .filter((id) => !known.has(id) && !id.startsWith('DocumentRef-'))
      .map((id) => `a relationship names ${id}, which is not there`),
  ]
  if (faults.length > 0) throw refusedBom(file, spdxVersion.replace('-', ' '), faults)
  const components = packages.map((one): Component => {
    const locator = (type: RegExp): string | null =>
      one.externalRefs?.find(({ referenceType }) => type.test(referenceType))?.referenceLocator ?? null
    return {
      name: one.name,
      version: one.versionInfo ?? null,
      purl: locator(/(^|\/)purl$/),
      cpe: locator(/(^|\/)cpe2[23]Type$/),
      type: one.primaryPackagePurpose?.toLowerCase() ?? 'library',
      ref: one.SPDXID,
      ...sourceIn(one.sourceInfo),
    }
  })
  return { format: 'SPDX', version: spdxVersion.slice(5), subject: name, components }
}

/** How Trivy says what a package was built from; its package URLs leave it out. */
function sourceIn(info: string | undefined): Pick<Component, 'source'> {
  const [, name, version = ''] = /^built package from: (\S+)(?: (\S+))?$/.exec(info ?? '') ?? []
  return name === undefined ? {} : { source: { name, version } }
}

function repeated(ids: readonly string[]): string[] {
  return [...Map.groupBy(ids, (id) => id)].filter(([, group]) => group.length > 1).map(([id]) => id)
}

// ── SPDX 2 as tags and values ──

const TAG = /^([A-Za-z][A-Za-z0-9-]*):\s?(.*)$/

/** Reads SPDX 2.2 or 2.3 as tags and values; texts over several lines are passed over. @throws KanpekiError `sbom_invalid`. */
export function readSpdxTags(text: string, file: string): Bom {
  let version: string | undefined
  let subject: string | null = null
  let inText = false
  const components: { -readonly [Key in keyof Component]: Component[Key] }[] = []
  const fail = (line: number, reason: string): never => {
    throw refusedBom(file, 'SPDX 2.3', [`line ${line}: ${reason}`])
  }
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (inText) {
      inText = !line.includes('</text>')
      continue
    }
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, tag, value = ''] = TAG.exec(line) ?? fail(at + 1, 'it is neither a tag with its value nor a comment')
    if (value.includes('<text>') && !value.includes('</text>')) inText = true
    const last = components[components.length - 1]
    switch (tag) {
      case 'SPDXVersion':
        version = /^SPDX-(2\.[23])$/.exec(value.trim())?.[1] ?? fail(at + 1, `there is no ${value.trim()}; 2.2 and 2.3 are read`)
        break
      case 'DocumentName':
        subject = value.trim()
        break
      case 'PackageName':
        components.push({ name: value.trim(), version: null, purl: null, cpe: null, type: 'library', ref: null })
        break
      case 'SPDXID':
        if (!/^SPDXRef-[a-zA-Z0-9.-]+$/.test(value.trim())) fail(at + 1, `${value.trim()} is no identifier`)
        if (last !== undefined && last.ref === null) last.ref = value.trim()
        break
      case 'PackageVersion':
        if (last !== undefined) last.version = value.trim()
        break
      case 'ExternalRef': {
        const [, type = '', locator = ''] =
          /^\S+\s+(\S+)\s+(\S+)/.exec(value) ?? fail(at + 1, 'an ExternalRef is category, type and locator')
        if (last !== undefined && /(^|\/)purl$/.test(type)) last.purl ??= locator
        if (last !== undefined && /cpe2[23]Type$/.test(type)) last.cpe ??= locator
        break
      }
    }
  }
  if (inText) throw refusedBom(file, 'SPDX 2.3', ['a text is not closed'])
  if (version === undefined) throw refusedBom(file, 'SPDX 2.3', ['it does not say its SPDXVersion'])
  return { format: 'SPDX', version, subject, components }
}

// ── SPDX 3.0 in JSON-LD ──

const document3 = z.object({
  '@context': z.union([z.string(), z.array(z.unknown()).min(1)]),
  '@graph': z.array(z.looseObject({ type: z.string().min(1) })).min(1),
})

/** Reads SPDX 3.0 in JSON-LD, as its context shapes it. @throws KanpekiError `sbom_invalid`. */
export function readSpdx3(document: unknown, file: string): Bom {
  const parsed = document3.safeParse(document)
  if (!parsed.success)
    throw refusedBom(
      file,
      'SPDX 3.0',
      parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`),
    )
  const graph = parsed.data['@graph']
  const info = graph.find(({ type }) => type === 'CreationInfo')
  const version = textOf(info?.['specVersion'])
  if (version === null || !/^3\.0(\.\d+)?$/.test(version))
    throw refusedBom(file, 'SPDX 3.0', [`its CreationInfo says specVersion ${JSON.stringify(version)}`])
  const nameless = graph.find(({ type, spdxId: id }) => PACKAGES.has(type) && textOf(id) === null)
  if (nameless !== undefined) throw refusedBom(file, `SPDX ${version}`, [`a ${nameless.type} has no spdxId`])
  const subject = graph.find(({ type }) => type === 'SpdxDocument' || type === 'software_Sbom')
  return {
    format: 'SPDX',
    version,
    subject: textOf(subject?.['name']),
    components: graph.filter(({ type }) => PACKAGES.has(type)).map(component3),
  }
}

const PACKAGES: ReadonlySet<string> = new Set(['software_Package', 'ai_AIPackage', 'dataset_DatasetPackage'])

function component3(one: Readonly<Record<string, unknown>>): Component {
  const identifier = (wanted: RegExp): string | null => {
    const found = listOf(one['externalIdentifier'])
      .map(objectOf)
      .find(({ externalIdentifierType: type }) => wanted.test(String(type)))
    return textOf(found?.['identifier'])
  }
  return {
    name: textOf(one['name']) ?? textOf(one['spdxId']) ?? '',
    version: textOf(one['software_packageVersion']),
    purl: textOf(one['software_packageUrl']) ?? identifier(/^packageUrl$/),
    cpe: identifier(/^cpe2[23]$/),
    type: textOf(one['software_primaryPurpose']) ?? 'library',
    ref: textOf(one['spdxId']),
  }
}
