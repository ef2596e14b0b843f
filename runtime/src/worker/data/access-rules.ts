import { DataAccessRefused } from './data-error.ts'

/**
 * What a function may do in its environment's database, decided on the parsed command (the same objects are then sent, so nothing can be read one way here
 * and another way by the server). The database user's role is the other wall; for gateways whose environments share one database with imprun's own
 * collections, this one stands alone before those.
 */
export interface AccessRules {
  /** @throws DataAccessRefused */
  checkCollection(name: unknown): void
  /** Whether a function may know that there is a collection of this name. */
  isOpenCollection(name: string): boolean
  /** Refuses operators that run JavaScript on the server, wherever they hide. @throws DataAccessRefused */
  checkExpression(value: unknown): void
  /** @throws DataAccessRefused */
  checkPipeline(pipeline: unknown): void
  /** A document of operators or a pipeline. @throws DataAccessRefused */
  checkUpdate(update: unknown): void
}

const collectionCharsMax = 200
/** MongoDB itself takes no deeper documents. */
const depthMax = 200
const codeOperators = new Set(['$where', '$function', '$accumulator'])
/** Everything else is refused: the others show what other users of the server do, or did not exist when this list was written. */
const openStages = new Set(
  '$match $project $addFields $set $unset $group $sort $limit $skip $unwind $lookup $unionWith $graphLookup $facet $bucket $bucketAuto $count $sortByCount $sample $replaceRoot $replaceWith $redact $geoNear $densify $fill $setWindowFields $documents $out $merge $indexStats $search $searchMeta $vectorSearch'.split(
    ' ',
  ),
)

/** @param database the one database that the environment owns */
export function createAccessRules(database: string): AccessRules {
  const checkCollection = (name: unknown, stage?: string): void => {
    const where = stage === undefined ? '' : ` (in ${stage})`
    if (typeof name !== 'string' || name === '' || name.length > collectionCharsMax || /[$\0]/.test(name))
      throw new DataAccessRefused(`This is not a collection name${where}: ${String(name).slice(0, 80)}`)
    if (isImpruns(name))
      throw new DataAccessRefused(`Collection ${name}${where} belongs to imprun. Names that begin with two underscores are not open to functions.`)
    if (isMongos(name)) throw new DataAccessRefused(`Collection ${name}${where} belongs to MongoDB. Collections of system are not open to functions.`)
  }
  /** A stage names a collection by itself or with its database. */
  const checkTarget = (target: unknown, stage: string): void => {
    if (!isDocument(target)) return checkCollection(target, stage)
    if (target.db !== undefined && target.db !== database) throw new DataAccessRefused(`${stage} may not leave the environment's own database.`)
    checkCollection(target.coll, stage)
  }
  const stageChecks: Record<string, (value: unknown, depth: number) => void> = {
    $out: (value) => checkTarget(value, '$out'),
    $merge: (value, depth) => {
      const into = isDocument(value) ? value.into : value
      checkTarget(into, '$merge')
      if (isDocument(value) && Array.isArray(value.whenMatched)) checkPipeline(value.whenMatched, depth)
    },
    $lookup: (value, depth) => {
      const { from, pipeline } = asDocument(value, '$lookup')
      if (from !== undefined) checkTarget(from, '$lookup')
      if (pipeline !== undefined) checkPipeline(pipeline, depth)
    },
    $unionWith: (value, depth) => {
      if (!isDocument(value)) return checkCollection(value, '$unionWith')
      if (value.coll !== undefined) checkTarget(value, '$unionWith')
      if (value.pipeline !== undefined) checkPipeline(value.pipeline, depth)
    },
    $graphLookup: (value) => checkTarget(asDocument(value, '$graphLookup').from, '$graphLookup'),
    $facet: (value, depth) => {
      for (const pipeline of Object.values(asDocument(value, '$facet'))) checkPipeline(pipeline, depth)
    },
  }
  const checkPipeline = (pipeline: unknown, depth = 0): void => {
    if (!Array.isArray(pipeline)) throw new DataAccessRefused('A pipeline is a list of stages.')
    if (depth > depthMax) throw new DataAccessRefused('The pipeline is nested too deep.')
    for (const stage of pipeline) {
      for (const [name, value] of Object.entries(asDocument(stage, 'A stage'))) {
        if (!openStages.has(name)) throw new DataAccessRefused(`Stage ${name} is not open to functions.`)
        stageChecks[name]?.(value, depth + 1)
        checkExpression(value)
      }
    }
  }
  return {
    checkCollection: (name) => checkCollection(name),
    isOpenCollection: (name) => !isClosed(name),
    checkExpression: (value) => checkExpression(value),
    checkPipeline: (pipeline) => checkPipeline(pipeline),
    checkUpdate: (update) => (Array.isArray(update) ? checkPipeline(update) : checkExpression(update)),
  }
}

const isImpruns = (name: string): boolean => name.startsWith('__')
const isMongos = (name: string): boolean => /^(?:.*\.)?system\./.test(name)
const isClosed = (name: string): boolean => isImpruns(name) || isMongos(name)

function checkExpression(value: unknown, depth = 0): void {
  if (depth > depthMax) throw new DataAccessRefused('The document is nested too deep.')
  if (Array.isArray(value)) for (const each of value) checkExpression(each, depth + 1)
  else if (isCode(value)) throw new DataAccessRefused('JavaScript (a value of type Code) does not run in the database.')
  else if (isDocument(value)) {
    for (const [name, each] of Object.entries(value)) {
      if (codeOperators.has(name) || name.startsWith('$_internal')) throw new DataAccessRefused(`Operator ${name} is not open to functions.`)
      checkExpression(each, depth + 1)
    }
  }
}

function isCode(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { _bsontype?: unknown })._bsontype === 'Code'
}

/** A plain document: not a list, and not a value of BSON such as an ObjectId or a date. */
function isDocument(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('_bsontype' in value) && !(value instanceof Date)
}

function asDocument(value: unknown, what: string): Record<string, unknown> {
  if (!isDocument(value)) throw new DataAccessRefused(`${what} is a document.`)
  return value
}
