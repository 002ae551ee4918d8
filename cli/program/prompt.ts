/** Questions to a person at a terminal: asked on stderr, so that stdout stays for machines. */
import { createInterface } from 'node:readline/promises'
import { RefusedError } from '../../core/errors/index.ts'

export interface Prompter {
  /** True for y or yes; everything else, nothing too, is no. Throws RefusedError NOT_AGREED for who leaves instead of answering. */
  yes(question: string): Promise<boolean>
}

/** Undefined where nobody sits at a terminal. */
export function terminalPrompter(signal?: AbortSignal): Prompter | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return prompterOver(process.stdin, process.stderr, { signal, terminal: true })
}

/** The same over any two streams. Ctrl-C, Ctrl-D, the end of the input and the signal are all ways to leave. */
export function prompterOver(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  { signal, terminal = false }: { signal?: AbortSignal | undefined; terminal?: boolean } = {},
): Prompter {
  return {
    async yes(question) {
      const lines = createInterface({ input, output, terminal })
      const left = new Promise<undefined>((resolve) => {
        // an answer may have come with the end of the input: it goes first
        lines.once('close', () => setImmediate(resolve, undefined))
      })
      const asked = lines.question(`${question} [y/N] `, signal ? { signal } : {}).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'AbortError') return undefined
        throw error
      })
      try {
        const answer = await Promise.race([asked, left])
        if (answer === undefined) throw new RefusedError('NOT_AGREED', 'left without an answer, so nothing was sent')
        return /^y(es)?$/i.test(answer.trim())
      } finally {
        lines.close()
      }
    },
  }
}
