import { createServer } from 'node:net'

const loopback = '127.0.0.1'

/** A port of the loopback address that is free at this moment; somebody else may take it at the next. */
export const findFreePort = (): Promise<number> => listenOnce(0)

export async function isPortFree(port: number): Promise<boolean> {
  try {
    await listenOnce(port)
    return true
  } catch {
    return false
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: loopback, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}
