/** What is counted of a pool, and how much noise a budget asks for. */
import { type CountedGroup, PPM } from '../../schemas/wire/index.ts'
import type { Rational } from './discrete-laplace.ts'

/** Whatever fits no other bin of its group. */
export const OTHER = 'other'
export const DECILES: string[] = Array.from({ length: 10 }, (_, i) => String(i))
/** Tenths of what, is fixed beforehand: true deciles would have to be measured on the data. Quality in steps of 100,000 ppm; length by doublings from 16 characters. */
const LEAST_LENGTH_BITS = 4
/** People of twenty and more languages are few per language; these are the ones that reach the least number anywhere. */
export const LANGUAGES: string[] = ['ar', 'de', 'en', 'es', 'fr', 'hi', 'it', 'ja', 'ko', 'nl', 'pl', 'pt', 'ru', 'tr', 'uk', 'zh', OTHER]

export const binsOf = (groups: readonly CountedGroup[]): number => groups.reduce((sum, { bins }) => sum + bins.length, 0)

/** Scale of a group's noise: each group gets the same part of ε, and one person moves its bins by `perPerson` together. */
export function scaleOf({ perPerson }: CountedGroup, { epsilonPpm, groups }: { epsilonPpm: number; groups: number }): Rational {
  return { num: BigInt(perPerson) * BigInt(groups) * BigInt(PPM), den: BigInt(epsilonPpm) }
}

export const qualityDecile = (ppm: number): string => String(Math.min(9, Math.floor((ppm * 10) / PPM)))
export const lengthDecile = (characters: number): string =>
  String(Math.min(9, Math.max(0, 32 - Math.clz32(Math.min(characters, 2 ** 31 - 1)) - LEAST_LENGTH_BITS)))
