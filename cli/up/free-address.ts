import { createServer } from 'node:net'
import { hostPort } from '../wiring/index.ts'

/** The address given when nobody listens there, else the same host with any free port. Throws UsageError BAD_HTTP. */
export async function freeAddress(address: string): Promise<{ address: string; wasTaken: boolean }> {
  const { host, port } = hostPort(address)
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
  return code === 'EADDRINUSE' ? { address: `${host.includes(':') ? `[${host}]` : host}:0`, wasTaken: true } : { address, wasTaken: false }
}
