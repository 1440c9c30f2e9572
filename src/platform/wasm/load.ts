import { assemble } from './assemble.ts'

/** What TypeScript's own library has in its part for browsers only. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Engine }

/** Compiles WebAssembly text (assemble.ts) at the first call; each call gives the exports of a new instance with a memory of its own. */
export function wasmText(text: string): () => { readonly memory: ArrayBuffer; readonly code: Readonly<Record<string, unknown>> } {
  let module: object | undefined
  return () => {
    module ??= new WebAssembly.Module(assemble(text))
    const { memory, ...code } = new WebAssembly.Instance(module).exports
    return { memory: (memory as { readonly buffer: ArrayBuffer }).buffer, code }
  }
}
