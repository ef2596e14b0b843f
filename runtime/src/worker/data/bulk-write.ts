import type { AnyBulkWriteOperation, Document } from 'mongodb'
import type { AccessRules } from './access-rules.ts'
import { DataAccessRefused } from './data-error.ts'
import { readMemberOptions } from './options.ts'

type MemberReader = (member: Document, rules: AccessRules) => Document

const readFilter = (member: Document, rules: AccessRules): Document => {
  rules.checkExpression(member.filter)
  return { filter: member.filter, ...readMemberOptions(member, rules) }
}
const readUpdate: MemberReader = (member, rules) => {
  rules.checkUpdate(member.update)
  return { ...readFilter(member, rules), update: member.update }
}

const memberReaders: Readonly<Record<string, MemberReader>> = {
  // What is stored is data, whatever its names are.
  insertOne: (member) => ({ document: member.document }),
  replaceOne: (member, rules) => ({ ...readFilter(member, rules), replacement: member.replacement }),
  updateOne: readUpdate,
  updateMany: readUpdate,
  deleteOne: readFilter,
  deleteMany: readFilter,
}

/** Makes each member anew from the parts that are known and checked. @throws DataAccessRefused */
export function readBulk(members: unknown, rules: AccessRules): AnyBulkWriteOperation[] {
  if (!Array.isArray(members)) throw new DataAccessRefused('bulkWrite takes a list of operations.')
  return members.map((member: unknown, index) => {
    const [[name, value] = ['', undefined], ...more] = typeof member === 'object' && member !== null ? Object.entries(member) : []
    const reader = Object.hasOwn(memberReaders, name) ? memberReaders[name] : undefined
    if (reader === undefined || more.length > 0 || typeof value !== 'object' || value === null)
      throw new DataAccessRefused(`Operation ${index} of bulkWrite is none of ${Object.keys(memberReaders).join(', ')}.`)
    return { [name]: reader(value, rules) } as unknown as AnyBulkWriteOperation
  })
}
