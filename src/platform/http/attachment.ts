/**
 * A `content-disposition` that saves under a name of any letters (RFC 6266): `filename*` as it is, slashes apart, and a plain
 * `filename` for what reads no other.
 */
export function attachmentOf(file: string): string {
  const name = file.replaceAll(/[/\\]+/g, '-')
  const plain = name.replaceAll(/[^\w.-]+/g, '-')
  const whole = encodeURIComponent(name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`
}
