/** A process with many listeners of the hub, each with a connection of its own, that read the database when they are woken. See `startChild`. */
import { bellAddressSchema } from '@imprun/contracts'
import { MongoClient } from 'mongodb'
import * as z from 'zod'
import { createHubBell } from '../../runtime/src/front/functions/hub-bell.ts'
import { silentLog } from '../../runtime/src/platform/log.ts'

process.once('message', async (message) => {
  const { uri, listeners } = z.object({ uri: z.string(), listeners: z.array(z.object({ gatewayId: z.string(), address: bellAddressSchema })) }).parse(message)
  const client = await MongoClient.connect(uri)
  const live = listeners.map(({ gatewayId, address }) => {
    const bell = createHubBell(silentLog)
    bell.setAddress(address)
    const settings = client.db(`gatewayid_${gatewayId}`).collection('__environments')
    const listening = bell.listen({ gatewayId, gatewayDatabase: `gatewayid_${gatewayId}` }, () => void settings.findOne().catch(() => {}))
    return new Promise<void>((resolve) => listening.onState((state) => state === 'live' && resolve()))
  })
  await Promise.all(live)
  process.send?.('works')
})
