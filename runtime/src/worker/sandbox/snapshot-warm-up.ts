import { controlCodes, hostCalls, startName } from '../../sandbox/bridge.ts'

const timeoutMs = 5000
const facts = { gatewayId: '', environment: '', functionName: '', version: '', isMiddleware: false, loadMsMax: timeoutMs, entryMsMax: timeoutMs }
const meta = 'POST\n/warm?up=1\n1\n127.0.0.1\n\n\nhost\nlocalhost\ncontent-type\napplication/json'

/**
 * What is run when the snapshot is made, in a context beside the one that goes into it: of this run the snapshot keeps what V8 compiled, and no value. Else
 * each isolate compiles the guest anew on its way to the first answer.
 */
export const snapshotWarmUp = `{
const host = (code, count) => code === ${hostCalls.random} ? 'x'.repeat(count) : code === ${hostCalls.now} ? 0 : undefined
const { run, control } = ${startName}(host)
control(${controlCodes.prepare}, ${JSON.stringify(JSON.stringify({ ...facts, mentionsData: true }))})
globalThis.__exports = { default: async (req, res) => res.status(200).json({ b: req.body, q: req.query, h: req.headers }) }
control(${controlCodes.finishLoad}, 0)
for (let call = 0; call < 2; call++) run(call, ${JSON.stringify(meta)}, '{"a":1}')
imp.db().collection('warm').insertOne({ at: new Date(0) }).catch(() => undefined)
}`
