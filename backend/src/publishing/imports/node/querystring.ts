import querystring from 'node:querystring'

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const nodeModule = { ...querystring, escape: encodeURIComponent, unescape: decode }
