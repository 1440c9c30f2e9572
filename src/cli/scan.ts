import { EXIT } from './options.ts'
import { scanPackagesCommand } from './scan-packages.ts'
import { scanResultsCommand } from './scan-results.ts'
import { scanYaraCommand } from './scan-yara.ts'

const USAGE = `Usage: kanpeki scan sbom FILE…     vulnerabilities of what bills of materials list (CycloneDX, SPDX; '-' is standard input)
       kanpeki scan dir DIR…       vulnerabilities of what lock files name, in folders and below them
       kanpeki scan host DIR…      vulnerabilities of what dpkg, apk or rpm installed below a root folder ('/', or an unpacked image)
       kanpeki scan image TAR|DIR… vulnerabilities of what an image holds (docker save, podman save, OCI layout)
       kanpeki scan secrets DIR    keys, tokens and passwords in source code, and in its history
       kanpeki scan import FILE…   what other scanners found (SARIF, ZAP, Trivy, Grype, Snyk, npm audit, Nessus, Nuclei, Burp, Checkov)
       kanpeki scan yara FILE|DIR… run YARA rules over files (also without the word: kanpeki scan FILE…)

kanpeki scan WHAT --help says more of each.
`

/** `kanpeki scan …`. A file that is called like a subcommand is scanned as `./sbom`. */
export function scanCommand(args: readonly string[]): Promise<number> {
  const [what, ...rest] = args
  if (what === 'sbom' || what === 'dir' || what === 'host' || what === 'image') return scanPackagesCommand(what, rest)
  if (what === 'import' || what === 'secrets') return scanResultsCommand(what, rest)
  if (what === 'yara') return scanYaraCommand(rest)
  if (what === '--help' || what === '-h') {
    process.stdout.write(USAGE)
    return Promise.resolve(EXIT.ok)
  }
  return scanYaraCommand(args)
}
