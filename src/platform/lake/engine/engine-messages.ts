/** What the parent tells the engine's process. */
export type EngineOrder =
  | {
      readonly kind: 'start'
      readonly folder: string
      readonly memory: number
      readonly readers: number
      readonly secret: string
      /** Merges wait while less of all cores is to spare; see merge-debt.ts. */
      readonly spareShare?: number
      readonly listen: { readonly path: string } | { readonly host: string; readonly port: number }
    }
  | { readonly kind: 'stop' }

/** What it answers. */
export type EngineReport =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
