import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { taxSource } from '../peers/tax.ts'
import { type PeerProcess, startPeer } from './peer-process.ts'
import { ensurePeerPrograms } from './peer-programs.ts'

/** The same function as a module for servers that speak fetch. */
const fetchModule = `${taxSource}
export default {
  async fetch(request) {
    let answer
    await tax({ body: await request.json() }, { json(value) { answer = Response.json(value) } })
    return answer
  },
}
`
const workerdConfig = (port: number): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .tax) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ]
);
const tax :Workerd.Worker = ( modules = [ (name = "tax.js", esModule = embed "tax.js") ], compatibilityDate = "2026-01-01" );
`

export type PeerServers = Record<'express 5 + node:vm' | 'workerd' | 'deno serve', PeerProcess>

/** Each in a process of its own, with the defaults of its own makers. */
export async function startPeerServers(stack: AsyncDisposableStack): Promise<PeerServers> {
  const { workerd, deno } = await ensurePeerPrograms()
  const folder = await mkdtemp(join(tmpdir(), 'imprun-peers-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'tax.js'), fetchModule)
  const express = await startPeer(() => ({ command: process.execPath, args: [fileURLToPath(new URL('../peers/express-vm.ts', import.meta.url))] }))
  stack.use(express)
  const denoServe = await startPeer((port) => ({
    command: deno,
    args: ['serve', '--no-config', '--host', '127.0.0.1', '--port', String(port), join(folder, 'tax.js')],
    env: { DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
  }))
  stack.use(denoServe)
  const workerdServer = await startPeer(async (port) => {
    const file = join(folder, 'config.capnp')
    await writeFile(file, workerdConfig(port))
    return { command: workerd, args: ['serve', file] }
  })
  stack.use(workerdServer)
  return { 'express 5 + node:vm': express, workerd: workerdServer, 'deno serve': denoServe }
}
