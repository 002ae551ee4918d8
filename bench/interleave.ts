/** Measuring on a machine that drifts: both sides in turn, A B A B A B, and the ratio of medians with its spread. */
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'

export interface Sample {
  /** Units of work per second on the wall, and per second of CPU. */
  wall: number
  cpu: number
}

export interface Comparison {
  a: Sample
  b: Sample
  /** Median of a over median of b, by the rate that was asked for. */
  ratio: number
  /** Smallest and largest ratio of one round. */
  spread: [low: number, high: number]
  /** Largest over smallest time of the same fixed work between rounds: above 1.15 the machine drifted too much to believe the ratio. */
  drift: number
}

/** Runs `work` and gives its rate for `units` of it. */
export async function rateOf(units: number, work: () => Promise<void> | void): Promise<Sample> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { wall: (units * 1000) / wallMs, cpu: (units * 1_000_000) / (user + system) }
}

/** One warm-up of each side, then `rounds` of both in turn. */
export async function interleave(
  by: keyof Sample,
  rounds: number,
  a: () => Promise<Sample>,
  b: () => Promise<Sample>,
): Promise<Comparison> {
  await a()
  await b()
  const left: Sample[] = []
  const right: Sample[] = []
  const fixed: number[] = []
  for (let round = 0; round < rounds; round++) {
    fixed.push(calibrate())
    left.push(await a())
    right.push(await b())
  }
  fixed.push(calibrate())
  const ratios = left.map((sample, i) => sample[by] / (right[i] as Sample)[by])
  const middle = (samples: Sample[]): Sample => ({ wall: median(samples.map((s) => s.wall)), cpu: median(samples.map((s) => s.cpu)) })
  return {
    a: middle(left),
    b: middle(right),
    ratio: middle(left)[by] / middle(right)[by],
    spread: [Math.min(...ratios), Math.max(...ratios)],
    drift: Math.max(...fixed) / Math.min(...fixed),
  }
}

/** CPU milliseconds of 1,000 Ed25519 verifications. */
export function calibrate(): number {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const message = Buffer.alloc(300, 1)
  const signature = sign(null, message, privateKey)
  const key = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))
  const cpu = process.cpuUsage()
  for (let i = 0; i < 1000; i++) verify(null, message, key, signature)
  const { user, system } = process.cpuUsage(cpu)
  return (user + system) / 1000
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

export function print(name: string, units: string, { a, b, ratio, spread, drift }: Comparison): void {
  const rate = (sample: Sample): string => `${Math.round(sample.wall)} ${units}/s wall, ${Math.round(sample.cpu)} per cpu-s`
  const note = drift > 1.15 ? '  (machine drifted: measure again)' : ''
  console.log(`${name}: ratio ${ratio.toFixed(2)} [${spread.map((value) => value.toFixed(2)).join(', ')}] drift ${drift.toFixed(2)}${note}`)
  console.log(`  a: ${rate(a)}\n  b: ${rate(b)}`)
}
