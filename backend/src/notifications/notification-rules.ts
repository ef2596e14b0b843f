import type { NotificationEvent, NotificationRules } from '@imprun/contracts'

/** @returns whether a notifier with these rules is told of the event. */
export function isWanted({ types, environments, functions }: NotificationRules, { type, data }: NotificationEvent): boolean {
  if (type !== 'test' && !types.includes(type)) return false
  if (environments && data.environment !== undefined && !environments.includes(data.environment)) return false
  const { functionName } = data
  return !functions || functionName === undefined || functions.some((pattern) => covers(pattern, functionName))
}

/** `orders/*` covers everything below the folder, at any depth; anything else is a name. */
const covers = (pattern: string, name: string): boolean =>
  pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name || pattern === '*'
