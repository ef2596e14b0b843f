const nameRule = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// Heads travel as ASCII lines: a line break would be a second header, and other characters have no agreed meaning in HTTP.
const valueRule = /^[\t\x20-\x7e]*$/
const headerCharsMax = 16_384

/** @returns the name in lower case @throws TypeError */
export function checkHeaderName(name: unknown): string {
  const text = String(name)
  if (!nameRule.test(text)) throw new TypeError(`"${text.slice(0, 100)}" is not a header name.`)
  return text.toLowerCase()
}

/** @throws TypeError */
export function checkHeaderValue(name: string, value: unknown): string {
  const text = String(value)
  if (text.length > headerCharsMax) throw new TypeError(`The value of header ${name} is longer than ${headerCharsMax} characters.`)
  if (!valueRule.test(text))
    throw new TypeError(`The value of header ${name} has a character that HTTP does not allow. Encode it, for example with encodeURIComponent.`)
  return text
}
