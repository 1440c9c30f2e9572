/** What directives set for the whole of a rule set. */
export interface Settings {
  engine: 'on' | 'off' | 'detection'
  requestBodyAccess: boolean
  responseBodyAccess: boolean
  /** In bytes. */
  requestBodyLimit: number
  requestBodyNoFilesLimit: number
  requestBodyLimitAction: 'reject' | 'partial'
  responseBodyLimit: number
  responseBodyLimitAction: 'reject' | 'partial'
  /** In lower case; undefined means every type. */
  responseBodyTypes: Set<string> | undefined
  argumentSeparator: string
  argumentsLimit: number
  jsonDepthLimit: number
  /** Seconds that a persistent collection lives after its last change. */
  collectionTimeout: number
  webAppId: string
}

/** The reference manual's defaults; limits on bodies are those of ModSecurity's recommended file. */
export function defaultSettings(): Settings {
  return {
    engine: 'on',
    requestBodyAccess: true,
    responseBodyAccess: false,
    requestBodyLimit: 13_107_200,
    requestBodyNoFilesLimit: 1_048_576,
    requestBodyLimitAction: 'reject',
    responseBodyLimit: 524_288,
    responseBodyLimitAction: 'partial',
    responseBodyTypes: new Set(['text/plain', 'text/html']),
    argumentSeparator: '&',
    argumentsLimit: 5000,
    jsonDepthLimit: 512,
    collectionTimeout: 3600,
    webAppId: 'default',
  }
}
