import { createHash } from 'node:crypto'

/** What a mirror file is compared by; line ends count, because they are part of what was published. */
export function hashText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 32)
}
