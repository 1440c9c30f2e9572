interface Checked {
  readonly namespace: string
  readonly name: string
  readonly version: string | undefined
  readonly qualifiers: Readonly<Record<string, string>>
}

/** What a type of package URL asks of its parts beside what all of them do (purl type definitions). */
export interface PurlRules {
  readonly namespace?: 'required' | 'none'
  readonly lowerNamespace?: boolean
  readonly lowerVersion?: boolean
  readonly name?: (name: string, qualifiers: Readonly<Record<string, string>>, namespace: string) => string
  /** How many of the path's last segments are the name, where that is not one. */
  readonly nameSegments?: (segments: readonly string[]) => number
  /** What is wrong, in words; undefined where nothing is. */
  readonly check?: (parts: Checked) => string | undefined
}

const lower = (name: string): string => name.toLowerCase()
/** PEP 503, but for the dot, which package URLs keep. */
const pypiName = (name: string): string => name.toLowerCase().replaceAll('_', '-')

const LOWER: PurlRules = { lowerNamespace: true, name: lower }

const RULES: Readonly<Record<string, PurlRules>> = {
  alpm: LOWER,
  apk: LOWER,
  bitbucket: LOWER,
  bitnami: { name: lower },
  brew: LOWER,
  cargo: { namespace: 'none' },
  'chrome-extension': {
    namespace: 'none',
    check: ({ name, version }) => {
      if (!/^[a-p]{32}$/.test(name)) return 'an extension is named by 32 letters from a to p'
      return version === undefined || /^[0-9]+(?:\.[0-9]+){0,3}$/.test(version) ? undefined : 'its version is one to four numbers'
    },
  },
  cocoapods: { namespace: 'none' },
  composer: LOWER,
  cpan: {
    check: ({ name }) => (name.includes('::') ? 'a distribution is named, with dashes, not a module' : undefined),
  },
  cran: { namespace: 'none', check: ({ version }) => (version === undefined ? 'CRAN asks for a version' : undefined) },
  deb: LOWER,
  gem: { namespace: 'none' },
  git: {
    // The host is the namespace, and the whole path on it the name; GitHub, in short or in full, does not tell case apart.
    nameSegments: (segments) => segments.length - 1,
    name: (name, _qualifiers, namespace) => (/^github(?:\.com)?$/i.test(namespace) ? name.toLowerCase() : name),
    lowerNamespace: true,
  },
  github: LOWER,
  golang: LOWER,
  hackage: { namespace: 'none' },
  hex: LOWER,
  huggingface: { lowerVersion: true },
  julia: {
    check: ({ qualifiers }) => (qualifiers['uuid'] === undefined ? 'Julia tells packages of one name apart by uuid' : undefined),
  },
  luarocks: { lowerNamespace: true, name: lower },
  mlflow: {
    namespace: 'none',
    name: (name, qualifiers) => (qualifiers['repository_url']?.includes('databricks') === true ? name.toLowerCase() : name),
  },
  npm: {},
  nuget: { namespace: 'none' },
  oci: { namespace: 'none', name: lower },
  opam: { namespace: 'none' },
  otp: { namespace: 'none', name: lower },
  pub: { namespace: 'none', name: lower },
  pypi: { namespace: 'none', name: pypiName },
  qpkg: LOWER,
  rpm: { lowerNamespace: true },
  swift: { namespace: 'required', check: ({ version }) => (version === undefined ? 'Swift asks for a version' : undefined) },
  vcpkg: { namespace: 'none', name: lower },
  'vscode-extension': { namespace: 'required', lowerNamespace: true, name: lower },
}

const NONE: PurlRules = {}

/** A type that nobody has described asks for nothing more than all do. */
export const rulesOf = (type: string): PurlRules => (Object.hasOwn(RULES, type) ? RULES[type]! : NONE)
