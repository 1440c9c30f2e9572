/** A command gets its own arguments and answers with the exit code. */
export type Command = (args: readonly string[]) => Promise<number>

export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Loaded only when called, so that `detect` does not pay for the server. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: { summary: 'start the server on embedded storage', load: async () => (await import('./up.ts')).upCommand },
  demo: { summary: 'start it with a replayed attack story', load: async () => (await import('./demo.ts')).demoCommand },
  detect: { summary: 'run Sigma and Falco rules over files', load: async () => (await import('./detect.ts')).detectCommand },
  waf: { summary: 'put SecLang rules in front of a web application', load: async () => (await import('./waf.ts')).wafCommand },
  ioc: { summary: 'list, add and remove indicators', load: async () => (await import('./ioc.ts')).iocCommand },
  playbooks: {
    summary: 'check, test, plan, run and undo playbooks',
    load: async () => (await import('./playbooks.ts')).playbooksCommand,
  },
  rules: { summary: 'say what a change of rules would miss', load: async () => (await import('./rules.ts')).rulesCommand },
  selftest: {
    summary: 'execute attacks through the real ingest path',
    load: async () => (await import('./selftest.ts')).selftestCommand,
  },
  content: { summary: 'take over rule packs of others', load: async () => (await import('./content.ts')).contentCommand },
  search: { summary: 'search stored events', load: async () => (await import('./search.ts')).searchCommand },
  scan: {
    summary: 'find vulnerabilities and secrets, take over the results of other scanners, or run YARA rules',
    load: async () => (await import('./scan.ts')).scanCommand,
  },
  where: {
    summary: 'say on which assets a package is installed',
    load: async () => (await import('./where.ts')).whereCommand,
  },
  sbom: {
    summary: 'say what a bill of materials changes against another',
    load: async () => (await import('./sbom.ts')).sbomCommand,
  },
  feeds: {
    summary: 'take over advisories and lists of what is exploited',
    load: async () => (await import('./feeds.ts')).feedsCommand,
  },
  send: { summary: 'send files to a server, and go on where it was', load: async () => (await import('./send.ts')).sendCommand },
  alerts: { summary: 'list, show and close alerts', load: async () => (await import('./alerts.ts')).alertsCommand },
  incidents: {
    summary: 'list, show, open and close incidents',
    load: async () => (await import('./incidents.ts')).incidentsCommand,
  },
  token: { summary: 'create, list, rotate and revoke API tokens', load: async () => (await import('./token.ts')).tokenCommand },
  people: { summary: 'list, invite, reset and end accounts', load: async () => (await import('./people.ts')).peopleCommand },
  'break-glass': {
    summary: 'make the emergency account',
    load: async () => (await import('./break-glass.ts')).breakGlassCommand,
  },
  agent: { summary: 'watch this host for a server', load: async () => (await import('./agent.ts')).agentCommand },
  agents: { summary: 'list and revoke enrolled agents', load: async () => (await import('./agents.ts')).agentsCommand },
  'enrol-token': {
    summary: 'create tokens that agents enrol with',
    load: async () => (await import('./enrol-token.ts')).enrolTokenCommand,
  },
  declare: { summary: 'validate declaration cards', load: async () => (await import('./declare.ts')).declareCommand },
  secrets: {
    summary: 'change the key that seals stored secrets',
    load: async () => (await import('./secrets.ts')).secretsCommand,
  },
  artefacts: {
    summary: 'keep files as evidence, with their chain of custody',
    load: async () => (await import('./artefacts.ts')).artefactsCommand,
  },
  ledger: {
    summary: 'change the key that signs the ledger',
    load: async () => (await import('./ledger.ts')).ledgerCommand,
  },
  verify: { summary: 'check evidence offline', load: async () => (await import('./verify.ts')).verifyCommand },
  backup: { summary: 'write one archive of everything', load: async () => (await import('./backup.ts')).backupCommand },
  restore: { summary: 'restore an archive, and prove it', load: async () => (await import('./restore.ts')).restoreCommand },
  upgrade: {
    summary: "bring the state to this version's schema, or back",
    load: async () => (await import('./upgrade.ts')).upgradeCommand,
  },
  doctor: { summary: 'examine machine and data folder', load: async () => (await import('./doctor.ts')).doctorCommand },
  config: { summary: 'explain the settings', load: async () => (await import('./config.ts')).configCommand },
  export: { summary: 'write an evidence bundle', load: async () => (await import('./export.ts')).exportCommand },
}
