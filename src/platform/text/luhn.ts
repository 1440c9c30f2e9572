/** ISO/IEC 7812-1 Annex B: whether the digits of a text, whatever stands between them, satisfy Luhn's check, and how many they are. */
export function luhn(text: string): { readonly holds: boolean; readonly digits: number } {
  let sum = 0
  let digits = 0
  for (let at = text.length - 1; at >= 0; at--) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) continue
    const doubled = digits % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
    digits++
  }
  return { holds: sum % 10 === 0, digits }
}
