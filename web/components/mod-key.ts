/** What this device calls the key that makes shortcuts: ⌘ on Apple's, Ctrl elsewhere. */
export const MOD_KEY = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? '') ? '⌘' : 'Ctrl'
