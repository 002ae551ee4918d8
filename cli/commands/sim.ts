import { simulate } from '../../sim/index.ts'
import { numberFlag, print, printJson, type Run, say, table } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const count = (name: string): number => numberFlag(flags, name, 0)
  const result = await simulate({
    seed: count('seed'),
    nodes: count('nodes'),
    validators: count('validators'),
    epochs: count('epochs'),
    // one seed gives one history, by the command as by the library
    ...(flags['pages'] === undefined ? {} : { pages: count('pages') }),
    lazy: count('lazy'),
    copycat: count('copycat'),
    fabricating: count('fabricating'),
    forging: count('forging'),
    vanishing: count('vanishing'),
    loss: count('loss') / 100,
    onEpoch: (epoch) => say(`epoch ${epoch} is final`),
  })
  if (flags['json'] === true) return printJson(result)
  const rows = result.contributors.map((c) => [
    c.name,
    c.kind,
    String(c.records),
    `${(c.credibilityPpm / 10_000).toFixed(1)} %`,
    c.points,
    c.paid,
    `${(c.sharePpm / 10_000).toFixed(2)} %`,
    c.note ?? '',
  ])
  print(table([['contributor', 'kind', 'records', 'credibility', 'points', 'paid', 'share', ''], ...rows], 2))
  print(
    `\n${result.epochs} epochs, ${result.entries} entries, ${result.events} events, ${(result.worldMs / 1000).toFixed(0)} s of the world's time\ndigest ${result.digest}`,
  )
}
