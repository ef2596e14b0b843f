import { systemNetwork } from './egress/network.ts'
import { startWorker } from './start-worker.ts'

/**
 * A worker process: started by the front with a socket as file descriptor 3, generic until it is bound. It reads no environment variable, and it ends with
 * its socket. It never exits in the ordinary way: isolated-vm may crash when isolates are torn down at exit (measured), so it kills itself.
 */
await startWorker(systemNetwork)
