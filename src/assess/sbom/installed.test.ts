import { expect, it } from 'vitest'
import { keyOfPurl } from '../osv/names.ts'
import { parsePurl } from '../purl/purl.ts'
import { installedOf } from './installed.ts'
import { readSbom } from './read.ts'

const property = (name: string, value: string) => ({ name: `aquasecurity:trivy:${name}`, value })

it('judges what Trivy lists by the source package that it tells beside the package URL', async () => {
  const bom = await readSbom(
    Buffer.from(
      JSON.stringify({
        bomFormat: 'CycloneDX',
        specVersion: '1.6',
        version: 1,
        components: [
          {
            type: 'library',
            name: 'libssl3',
            version: '3.0.11-1~deb12u2',
            purl: 'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12.5',
            properties: [
              property('SrcName', 'openssl'),
              property('SrcVersion', '3.0.11'),
              property('SrcRelease', '1~deb12u2'),
              property('SrcEpoch', '1'),
            ],
          },
          {
            type: 'library',
            name: 'libopenssl1_1',
            version: '1.1.1d-2',
            purl: 'pkg:rpm/suse/libopenssl1_1@1.1.1d-2?distro=sles-15.4',
            properties: [property('SrcName', 'openssl-1_1'), property('SrcVersion', '1.1.1d'), property('SrcRelease', '2')],
          },
          { type: 'library', name: 'a', version: '1', purl: 'pkg:npm/a@1', properties: [property('SrcName', 'b')] },
        ],
      }),
    ),
    'trivy.json',
  )
  const purls = bom.components.map((one) => installedOf(one).purl!)
  expect(purls).toEqual([
    'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12.5&upstream=openssl%401:3.0.11-1~deb12u2',
    'pkg:rpm/suse/libopenssl1_1@1.1.1d-2?distro=sles-15.4&upstream=openssl-1_1-1.1.1d-2.src.rpm',
    'pkg:npm/a@1',
  ])
  expect(purls.map((purl) => keyOfPurl(parsePurl(purl))?.name)).toEqual(['openssl', 'openssl-1_1', 'a'])
})

it('reads the source package of SPDX, too', async () => {
  const document = {
    spdxVersion: 'SPDX-2.3',
    SPDXID: 'SPDXRef-DOCUMENT',
    dataLicense: 'CC0-1.0',
    name: 'x',
    documentNamespace: 'urn:x',
    creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: trivy'] },
    packages: [
      {
        SPDXID: 'SPDXRef-1',
        name: 'libbz2',
        versionInfo: '1.0.8-5',
        downloadLocation: 'NONE',
        sourceInfo: 'built package from: bzip2 1.0.8-5',
        externalRefs: [
          {
            referenceCategory: 'PACKAGE-MANAGER',
            referenceType: 'purl',
            referenceLocator: 'pkg:deb/debian/libbz2@1.0.8-5?distro=debian-12',
          },
        ],
      },
    ],
  }
  const [one] = (await readSbom(Buffer.from(JSON.stringify(document)), 'x')).components
  expect(installedOf(one!).purl).toBe('pkg:deb/debian/libbz2@1.0.8-5?distro=debian-12&upstream=bzip2%401.0.8-5')
})

it.each([
  ['cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*', null, { ecosystem: 'CPE', name: 'openssl' }, '1.1.1k'],
  ['cpe:/a:apache:http_server:2.4.1', '2.4.2', { ecosystem: 'CPE', name: 'http_server' }, '2.4.2'],
  ['cpe:2.3:a:x:a\\:b\\+c:*:*:*:*:*:*:*:*', null, { ecosystem: 'CPE', name: 'a:b+c' }, undefined],
])('judges %s by its product where there is no package URL', (cpe, version, key, at) => {
  const { purl } = installedOf({ name: 'Other words', version, purl: null, cpe })
  expect([keyOfPurl(parsePurl(purl!)), parsePurl(purl!).version]).toEqual([key, at])
})

it.each(['cpe:2.3:o:linux:linux_kernel:6.1:*:*:*:*:*:*:*', 'cpe:2.3:a:x', 'nonsense', ''])('takes nothing from %j', (cpe) => {
  expect(installedOf({ name: 'x', version: '1', purl: null, cpe })).toEqual({ name: 'x', version: '1', purl: null })
})

it('does not take the tools that wrote a bill for what is installed', async () => {
  const xml = `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">
<metadata><tools><components><component type="application"><name>syft</name><version>1</version></component></components></tools>
<component type="application"><name>shop</name><components><component type="library"><name>part</name></component></components></component></metadata>
<components><component type="library"><name>outer</name><version>1</version><components>
<component type="library"><name>inner</name><version>1</version></component></components></component></components></bom>`
  expect((await readSbom(Buffer.from(xml), 'x.xml')).components.map(({ name }) => name)).toEqual(['inner', 'outer'])
})
