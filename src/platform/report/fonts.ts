import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * BIZ UDPGothic (Morisawa, SIL Open Font Licence 1.1): Latin and the Japanese of JIS X 0213 in one typeface that was drawn to
 * be read easily. A PDF carries only the glyphs that it uses.
 */
const FOLDER = dirname(fileURLToPath(import.meta.resolve('@expo-google-fonts/biz-udpgothic/package.json')))

export const FONTS = {
  regular: join(FOLDER, '400Regular', 'BIZUDPGothic_400Regular.ttf'),
  bold: join(FOLDER, '700Bold', 'BIZUDPGothic_700Bold.ttf'),
} as const
