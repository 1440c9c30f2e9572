/**
 * A SecLang transformation, over byte strings: every character of the value stands for one byte (0–255), so that
 * a request is matched as it was sent and no decoder can hide a byte. Pure; never throws. Returns the very same
 * string where nothing changed, so that a memo can see that nothing did.
 */
export type Transform = (value: string) => string
