import { createServer, type AddressInfo } from 'node:net'
import { hostPort } from '../wiring/index.ts'

/**
 * The address given when nobody listens there, else the same host with a port that is free; never port 0, so that the address can be told
 * before anything listens there. Throws UsageError BAD_HTTP.
 */
export async function freeAddress(address: string): Promise<{ address: string; wasTaken: boolean }> {
  const { host, port } = hostPort(address)
  const name = host.includes(':') ? `[${host}]` : host
  // a host that is not ours fails again, and in words, where the API listens
  const free = await freePort(host, port)
  const other = free ?? (await freePort(host, 0)) ?? port
  return { address: `${name}:${other}`, wasTaken: free === undefined && other !== port }
}

async function freePort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, host, () => {
      const { port: found } = server.address() as AddressInfo
      server.close(() => resolve(found))
    })
  })
}
