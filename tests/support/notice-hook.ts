/** A trainer's address: whatever is sent there, as it came. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export class NoticeHook implements AsyncDisposable {
  readonly boxes: Uint8Array[] = []
  readonly #server: Server = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      this.boxes.push(bytes)
      response.end()
    })
  })

  private constructor() {}

  static async listen(): Promise<NoticeHook> {
    const hook = new NoticeHook()
    hook.#server.listen(0, '127.0.0.1')
    await once(hook.#server, 'listening')
    return hook
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/withdrawn`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
