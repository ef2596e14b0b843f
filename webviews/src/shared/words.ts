/** Words that the host translated, by name; an unknown name answers itself. */
export function readWords(): (name: string, value?: string) => string {
  const words: Record<string, string> = JSON.parse(document.body.dataset.words ?? '{}')
  return (name, value = '') => (words[name] ?? name).replace('{0}', value)
}
