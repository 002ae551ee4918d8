/** A pattern's tree as steps: what may come next from where, with nothing left to decide but the order of preference. */
import { PatternError, type PatternNode, type Range } from './pattern-syntax.ts'

export type Step =
  | { op: 'set'; ranges: readonly Range[]; negated: boolean }
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { op: 'save'; slot: number }
  | { op: 'edge'; at: 'start' | 'end' }
  | { op: 'match' }

/** Steps of a compiled pattern: the work for a text is at most this many for each of its characters. */
const MAX_STEPS = 1000

/** Adds the steps of a node. Throws PatternError where they become too many. */
export function emit(node: PatternNode, steps: Step[]): void {
  if (steps.length > MAX_STEPS)
    throw new PatternError(0, 'the pattern is too large once its repetitions are written out', 'use smaller numbers in { }')
  switch (node.kind) {
    case 'set':
      steps.push({ op: 'set', ranges: node.ranges, negated: node.negated })
      return
    case 'edge':
      steps.push({ op: 'edge', at: node.at })
      return
    case 'sequence':
      for (const part of node.parts) emit(part, steps)
      return
    case 'group': {
      // only the whole match and the first group are ever asked for
      const kept = node.index !== null && node.index <= 1 ? node.index : null
      if (kept !== null) steps.push({ op: 'save', slot: kept * 2 })
      emit(node.of, steps)
      if (kept !== null) steps.push({ op: 'save', slot: kept * 2 + 1 })
      return
    }
    case 'choice':
      emitChoice(node.options, steps)
      return
    case 'repeat':
      emitRepeat(node, steps)
  }
}

function emitChoice(options: PatternNode[], steps: Step[]): void {
  const ends: { op: 'jump'; to: number }[] = []
  for (const [i, option] of options.entries()) {
    if (i === options.length - 1) {
      emit(option, steps)
      break
    }
    const split = { op: 'split' as const, first: steps.length + 1, second: 0 }
    steps.push(split)
    emit(option, steps)
    const jump = { op: 'jump' as const, to: 0 }
    steps.push(jump)
    ends.push(jump)
    split.second = steps.length
  }
  for (const end of ends) end.to = steps.length
}

function emitRepeat({ of, least, most, lazy }: Extract<PatternNode, { kind: 'repeat' }>, steps: Step[]): void {
  for (let i = 0; i < least; i++) emit(of, steps)
  const split = (): { enter: () => void; leave: (to: number) => void } => {
    const step = { op: 'split' as const, first: 0, second: 0 }
    steps.push(step)
    return {
      enter: () => {
        if (lazy) step.second = steps.length
        else step.first = steps.length
      },
      leave: (to) => {
        if (lazy) step.first = to
        else step.second = to
      },
    }
  }
  if (most === Number.POSITIVE_INFINITY) {
    const start = steps.length
    const loop = split()
    loop.enter()
    emit(of, steps)
    steps.push({ op: 'jump', to: start })
    loop.leave(steps.length)
    return
  }
  const open: ReturnType<typeof split>[] = []
  for (let i = least; i < most; i++) {
    const maybe = split()
    maybe.enter()
    emit(of, steps)
    open.push(maybe)
  }
  for (const maybe of open) maybe.leave(steps.length)
}
