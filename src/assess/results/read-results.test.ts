import { expect, it } from 'vitest'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { readResults } from './read-results.ts'

async function* parts(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const read = (document: object | string, size?: number) =>
  readResults(parts(typeof document === 'string' ? document : JSON.stringify(document), size), 'report')

const VECTOR = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

/** Written from what each tool says of its format. */
const REPORTS: readonly (readonly [string, object | string, object, readonly object[]])[] = [
  [
    'sarif',
    {
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'CodeQL',
              rules: [{ id: 'js/sql', properties: { tags: ['security', 'external/cwe/cwe-089'], 'security-severity': '8.8' } }],
            },
          },
          results: [
            {
              ruleIndex: 0,
              message: { text: 'a query' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'file:///github/workspace/src/a%20b.js' },
                    region: { startLine: 7 },
                  },
                },
              ],
            },
            { ruleId: 'js/sql', kind: 'pass', message: {} },
            { ruleId: 'js/sql', message: {}, suppressions: [{ kind: 'inSource' }] },
            { ruleId: 'js/sql', message: {}, suppressions: [{ status: 'rejected' }], level: 'note' },
            { ruleId: 'js/sql', message: {}, baselineState: 'absent' },
          ],
        },
      ],
    },
    {
      format: 'sarif',
      tool: 'CodeQL',
      kinds: ['code'],
      left: { pass: 1, 'suppressed in the tool': 1, 'gone by its own baseline': 1 },
    },
    [{ id: 'js/sql', aliases: ['CWE-89'], cause: 'src/a b.js:7', score: 8.8, severity: 'high' }, { cause: 'js/sql' }],
  ],
  [
    'sarif',
    {
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'gitleaks' } },
          results: [
            {
              ruleId: 'aws',
              message: { text: 'AKIA… in clear' },
              locations: [{ physicalLocation: { artifactLocation: { uri: './a.env' } } }],
            },
          ],
        },
      ],
    },
    { kinds: ['secret'] },
    [{ kind: 'secret', aliases: ['secret'], cause: 'a.env:1', summary: 'aws' }],
  ],
  [
    'trivy',
    {
      SchemaVersion: 2,
      Results: [
        {
          Target: 'app (debian 12)',
          Class: 'os-pkgs',
          Type: 'debian',
          Vulnerabilities: [
            {
              VulnerabilityID: 'CVE-2026-1',
              PkgName: 'openssl',
              PkgIdentifier: { PURL: 'pkg:deb/debian/openssl@3.0.1?distro=debian-12' },
              InstalledVersion: '3.0.1',
              FixedVersion: '3.0.2, 3.1.0',
              Severity: 'CRITICAL',
              CVSS: { nvd: { V3Vector: VECTOR } },
            },
          ],
        },
        {
          Target: 'Dockerfile',
          Class: 'config',
          Misconfigurations: [
            { ID: 'DS002', AVDID: 'AVD-DS-0002', Status: 'FAIL', Severity: 'HIGH', CauseMetadata: { StartLine: 3 } },
            { ID: 'DS001', Status: 'PASS' },
          ],
        },
        { Target: '/app/key.pem', Class: 'secret', Secrets: [{ RuleID: 'private-key', Severity: 'HIGH', StartLine: 1 }] },
        { Target: 'clean', Class: 'lang-pkgs', Type: 'npm' },
      ],
    },
    { kinds: ['config', 'package', 'secret'], left: { passed: 1 } },
    [
      { id: 'CVE-2026-1', cause: 'pkg:deb/debian/openssl', score: 9.8, severity: 'critical', fixed: ['3.0.2', '3.1.0'] },
      { kind: 'config', cause: 'Dockerfile:3', aliases: ['AVD-DS-0002'] },
      { kind: 'secret', cause: 'key.pem:1' },
    ],
  ],
  [
    'grype',
    {
      matches: [
        {
          vulnerability: {
            id: 'GHSA-aaaa-bbbb-cccc',
            severity: 'High',
            cvss: [{ vector: VECTOR }],
            fix: { versions: ['1.2'], state: 'fixed' },
          },
          relatedVulnerabilities: [{ id: 'CVE-2026-1' }],
          artifact: { name: 'left', version: '1.1', purl: 'pkg:npm/left@1.1', locations: [{ path: '/app/package-lock.json' }] },
        },
      ],
      ignoredMatches: [{}],
    },
    { kinds: ['package'], left: { 'suppressed in the tool': 1 } },
    [{ id: 'GHSA-aaaa-bbbb-cccc', aliases: ['CVE-2026-1'], cause: 'pkg:npm/left', fixed: ['1.2'], vector: VECTOR }],
  ],
  [
    'snyk',
    {
      ok: false,
      packageManager: 'maven',
      displayTargetFile: 'pom.xml',
      vulnerabilities: [
        {
          id: 'SNYK-JAVA-X-1',
          title: 'Remote code',
          severity: 'critical',
          identifiers: { CVE: ['CVE-2021-44228'], CWE: ['CWE-502'] },
          packageName: 'org.apache.logging.log4j:log4j-core',
          version: '2.14.1',
          fixedIn: ['2.15.0'],
        },
      ],
    },
    { kinds: ['package'] },
    [
      {
        id: 'CVE-2021-44228',
        cause: 'pkg:maven/org.apache.logging.log4j/log4j-core',
        aliases: ['SNYK-JAVA-X-1', 'CVE-2021-44228'],
      },
    ],
  ],
  [
    'npm-audit',
    {
      auditReportVersion: 2,
      vulnerabilities: {
        left: {
          name: 'left',
          via: [
            {
              source: 1,
              name: 'left',
              title: 'bad',
              url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
              severity: 'high',
              range: '>=1.0.0 <1.2.0',
              cvss: { vectorString: VECTOR },
            },
          ],
          nodes: ['node_modules/left'],
          fixAvailable: true,
        },
        above: { name: 'above', via: ['left'], nodes: [] },
      },
    },
    { kinds: ['package'] },
    [{ id: 'GHSA-aaaa-bbbb-cccc', cause: 'pkg:npm/left', fixed: ['1.2.0'], score: 9.8 }],
  ],
  [
    'npm-audit',
    {
      advisories: {
        7: {
          module_name: '@a/left',
          severity: 'low',
          cves: ['CVE-2026-1'],
          patched_versions: '>=1.2.0',
          findings: [{ version: '1.1.0' }],
        },
      },
    },
    { kinds: ['package'] },
    [{ id: 'CVE-2026-1', cause: 'pkg:npm/%40a/left', version: '1.1.0', severity: 'low' }],
  ],
  [
    'zap',
    {
      '@programName': 'ZAP',
      site: [
        {
          '@name': 'https://shop.example',
          alerts: [
            {
              pluginid: '40018',
              alert: 'SQL Injection',
              riskcode: '3',
              cweid: '89',
              instances: [
                { uri: 'https://shop.example/a?id=1', param: 'id' },
                { uri: 'https://shop.example/a?id=2', param: 'id' },
              ],
            },
            { pluginid: '10038', alert: 'CSP', riskcode: '2', cweid: '693', instances: [{ uri: 'https://shop.example/' }] },
            { pluginid: '10027', alert: 'Comments', riskcode: '0', instances: [{ uri: 'https://shop.example/' }] },
          ],
        },
      ],
    },
    { kinds: ['web'], assets: ['shop.example'], left: { informational: 1 } },
    [
      { asset: 'shop.example', cause: 'https://shop.example/a id', aliases: ['CWE-89'], severity: 'high' },
      { cause: 'https://shop.example/', aliases: [], severity: 'medium' },
    ],
  ],
  [
    'zap',
    '<?xml version="1.0"?><OWASPZAPReport version="2"><site name="https://shop.example" host="shop.example"><alerts><alertitem><pluginid>40018</pluginid><alert>SQL &amp; more</alert><riskcode>3</riskcode><cweid>89</cweid><instances><instance><uri>https://shop.example/a</uri><param>id</param></instance></instances></alertitem></alerts></site></OWASPZAPReport>',
    { kinds: ['web'] },
    [{ id: 'zap-40018', cause: 'https://shop.example/a id', summary: 'SQL & more' }],
  ],
  [
    'burp',
    '<?xml version="1.0"?>\n<!DOCTYPE issues [\n<!ELEMENT issues (issue*)>\n]>\n<issues burpVersion="2"><issue><type>1049088</type><name>SQL injection</name><host ip="192.0.2.1">https://shop.example</host><path><![CDATA[/a]]></path><location><![CDATA[/a [id parameter]]]></location><severity>High</severity><vulnerabilityClassifications><![CDATA[<a href="x">CWE-89: SQL</a>]]></vulnerabilityClassifications></issue><issue><severity>Information</severity></issue></issues>',
    { kinds: ['web'], left: { informational: 1 } },
    [{ id: 'burp-1049088', cause: 'https://shop.example/a id', aliases: ['CWE-89'], severity: 'high' }],
  ],
  [
    'nuclei',
    `${JSON.stringify({ 'template-id': 'CVE-2021-41773', type: 'http', host: 'https://shop.example', 'matched-at': 'https://shop.example/cgi-bin/', info: { name: 'Traversal', severity: 'high', classification: { 'cve-id': ['cve-2021-41773'], 'cwe-id': ['cwe-22'], 'cvss-metrics': VECTOR } } })}\n${JSON.stringify({ 'template-id': 'tech', host: 'shop.example', info: { severity: 'info' } })}\n`,
    { kinds: ['web'], left: { informational: 1 } },
    [{ id: 'CVE-2021-41773', asset: 'shop.example', aliases: ['nuclei-CVE-2021-41773', 'CVE-2021-41773', 'CWE-22'], score: 9.8 }],
  ],
  [
    'nessus',
    `<?xml version="1.0" ?><NessusClientData_v2><Report name="x"><ReportHost name="192.0.2.7"><HostProperties><tag name="os">linux</tag></HostProperties><ReportItem port="443" svc_name="www" protocol="tcp" severity="4" pluginID="156032" pluginName="Log4Shell" pluginFamily="x"><cve>CVE-2021-44228</cve><cvss3_vector>${VECTOR.replace('3.1', '3.0')}</cvss3_vector></ReportItem><ReportItem port="0" severity="0" pluginID="19506" pluginName="Scan"/></ReportHost><ReportHost name="192.0.2.8"><HostProperties/></ReportHost></Report></NessusClientData_v2>`,
    { kinds: ['host'], assets: ['192.0.2.7', '192.0.2.8'], left: { informational: 1 } },
    [
      {
        asset: '192.0.2.7',
        id: 'nessus-156032',
        aliases: ['CVE-2021-44228'],
        cause: 'tcp/443',
        score: 9.8,
        severity: 'critical',
      },
    ],
  ],
  [
    'checkov',
    [
      {
        check_type: 'terraform',
        results: {
          failed_checks: [
            {
              check_id: 'CKV_AWS_20',
              check_name: 'ACL',
              file_path: '/main.tf',
              file_line_range: [3, 9],
              resource: 'aws_s3_bucket.a',
              severity: null,
            },
          ],
          passed_checks: [{}],
          skipped_checks: [{}],
        },
      },
    ],
    { kinds: ['config'], left: { passed: 1, 'suppressed in the tool': 1 } },
    [{ id: 'CKV_AWS_20', cause: 'main.tf:3', severity: null, name: 'aws_s3_bucket.a' }],
  ],
]

it('reads what ten scanners write, told by looking, in parts of any size', async () => {
  for (const [format, document, about, results] of REPORTS) {
    const all = await read(document)
    expect(all, format).toMatchObject({ format, ...about })
    expect(all.results, format).toHaveLength(results.length)
    expect(all.results, format).toMatchObject(results)
    expect(await read(document, 100_000), format).toEqual(all)
  }
  expect(new Set(REPORTS.map(([format]) => format)).size).toBe(10)
  console.info(`${REPORTS.length} reports of ten scanners read`)
})

const LAUGHS = `<?xml version="1.0"?><!DOCTYPE issues [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><issues><issue><name>&b;</name></issue></issues>`

it.each([
  ['nothing', '', 'results_invalid'],
  ['entities that multiply', LAUGHS, 'results_invalid'],
  [
    'a file that is read',
    '<!DOCTYPE issues [<!ENTITY x SYSTEM "file:///etc/passwd">]><issues><issue><name>&x;</name></issue></issues>',
    'results_invalid',
  ],
  ['half of XML', '<issues><issue><severity>High</severity>', 'results_invalid'],
  ['XML of something else', '<html><body/></html>', 'results_invalid'],
  ['elements without end', `<issues>${'<issue>'.repeat(200)}`, 'results_invalid'],
  ['half of JSON', '{"runs":[', 'results_invalid'],
  ['other JSON', '{"hello":1}', 'results_invalid'],
  ['a wrong type', '{"version":"2.1.0","runs":{}}', 'results_invalid'],
  ['a line that breaks off', '{"template-id":"a","info":{}}\n{"template-id"', 'results_invalid'],
  ['JSON of great depth', `{"runs":${'['.repeat(200_000)}`, 'results_invalid'],
] as const)('refuses %s', async (_, text, code) => {
  expect(await rejectionOf(read(text, 65_536))).toBe(code)
})

it('refuses what does not end, and holds little of it', async () => {
  async function* endless(start: string, part: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(start)
    const bytes = Buffer.from(part)
    for (;;) yield bytes
  }
  const limits = { json: 2 ** 20, line: 2 ** 19 }
  const space = ' '.repeat(2 ** 18)
  const fails = (start: string, part: string) => rejectionOf(readResults(endless(start, part), 'endless', limits))
  expect(await fails('{"runs":', space)).toBe('too_large')
  expect(await fails('<issues><issue><name>', space)).toBe('results_invalid')
  expect(await fails('<!DOCTYPE issues [', space)).toBe('results_invalid')
  expect(await fails('{"template-id":"a","info":{}}\n"', 'x'.repeat(2 ** 18))).toBe('too_large')
})
