/** Questions to a person at a terminal: asked on stderr, so that stdout stays for machines. */
import { createInterface } from 'node:readline/promises'

export interface Prompter {
  /** True for y or yes; everything else, nothing too, is no. */
  yes(question: string): Promise<boolean>
}

/** Undefined where nobody sits at a terminal. */
export function terminalPrompter(signal?: AbortSignal): Prompter | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return {
    async yes(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr })
      try {
        const answer = await lines.question(`${question} [y/N] `, signal ? { signal } : {})
        return /^y(es)?$/i.test(answer.trim())
      } finally {
        lines.close()
      }
    },
  }
}
