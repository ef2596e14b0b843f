export type Document = Record<string, unknown>

/** MongoDB takes documents of at most 100 levels; a command wraps them in some more. Also what keeps a reader's stack from overflowing. */
export const depthMax = 200

export const bsonTypeCodes = {
  double: 1,
  string: 2,
  document: 3,
  array: 4,
  binary: 5,
  undefined: 6,
  objectId: 7,
  boolean: 8,
  date: 9,
  null: 10,
  regExp: 11,
  dbPointer: 12,
  code: 13,
  symbol: 14,
  codeWithScope: 15,
  int32: 16,
  timestamp: 17,
  int64: 18,
  decimal128: 19,
  minKey: 255,
  maxKey: 127,
} as const
