import type { Step } from './pattern-steps.ts'

interface Thread {
  step: number
  saved: readonly number[]
}

/** Follows all threads at once, in order of preference: the first to match at a place is what a backtracking engine would have found. */
export function run(steps: readonly Step[], text: string, slot: number): string | null {
  let threads: Thread[] = []
  let best: readonly number[] | null = null
  const seen = new Int32Array(steps.length).fill(-1)
  const add = (list: Thread[], from: number, saved: readonly number[], at: number): void => {
    const waiting: Thread[] = [{ step: from, saved }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen[next.step] === at) continue
      seen[next.step] = at
      const step = steps[next.step] as Step
      if (step.op === 'jump') waiting.push({ step: step.to, saved: next.saved })
      else if (step.op === 'split') waiting.push({ step: step.second, saved: next.saved }, { step: step.first, saved: next.saved })
      else if (step.op === 'save') waiting.push({ step: next.step + 1, saved: next.saved.with(step.slot, at) })
      else if (step.op === 'edge') {
        if (at === (step.at === 'start' ? 0 : text.length)) waiting.push({ step: next.step + 1, saved: next.saved })
      } else list.push(next)
    }
  }
  for (let at = 0; ; ) {
    // a match that begins later is worse than any that has begun
    if (best === null) add(threads, 0, [-1, -1, -1, -1], at)
    const code = at < text.length ? (text.codePointAt(at) as number) : -1
    const width = code > 0xffff ? 2 : 1
    const next: Thread[] = []
    for (const { step: index, saved } of threads) {
      const step = steps[index] as Step
      if (step.op === 'match') {
        best = saved
        break
      }
      if (step.op === 'set' && code >= 0 && step.ranges.some(([from, to]) => code >= from && code <= to) !== step.negated)
        add(next, index + 1, saved, at + width)
    }
    if (code < 0 || (best !== null && next.length === 0)) break
    threads = next
    at += width
  }
  if (best === null) return null
  const [from, to] = [best[slot] as number, best[slot + 1] as number]
  return from < 0 || to < 0 ? null : text.slice(from, to)
}
