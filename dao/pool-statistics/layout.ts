/** What is counted of a pool, and how much noise a budget asks for. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { EVENT_TYPES, SOURCES } from '../../schemas/activity/index.ts'
import { type CountedGroup, MAX_BINS, PPM } from '../../schemas/wire/index.ts'
import type { Rational } from './discrete-laplace.ts'

/** Whatever fits no other bin of its group. */
export const OTHER = 'other'
export const DECILES: string[] = Array.from({ length: 10 }, (_, i) => String(i))
/** Tenths of what, is fixed beforehand: true deciles would have to be measured on the data. Quality in steps of 100,000 ppm; length by doublings from 16 characters. */
const LEAST_LENGTH_BITS = 4
/** People of twenty and more languages are few per language; these are the ones that reach the least number anywhere. */
export const LANGUAGES: string[] = ['ar', 'de', 'en', 'es', 'fr', 'hi', 'it', 'ja', 'ko', 'nl', 'pl', 'pt', 'ru', 'tr', 'uk', 'zh', OTHER]

/**
 * Groups that count people, not events: a bin holds how many have anything in it. So a small bin is one of few people, and one person with a
 * million events counts once.
 */
export function poolGroups({ from, to }: { from: string; to: string }): CountedGroup[] {
  const group = (name: string, bins: string[], perPerson: number): CountedGroup => ({
    name,
    bins,
    perBin: 1,
    perPerson: Math.min(perPerson, bins.length),
  })
  return [
    group('people', ['all'], 1),
    group('months', [...monthsBetween(from, to), OTHER], 12),
    group('languages', LANGUAGES, 3),
    group('types', [...EVENT_TYPES], 5),
    group('sources', [...SOURCES], 2),
    group('lengths', DECILES, 4),
    group('qualities', DECILES, 4),
  ]
}

/** `YYYY-MM` of both and of all between, at most ten years. Throws InvalidInputError BAD_MONTHS. */
export function monthsBetween(from: string, to: string): string[] {
  const number = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1
  const [first, last] = [number(from), number(to)]
  if (!(first <= last && last - first < 120)) throw new InvalidInputError('BAD_MONTHS', `${from} to ${to}: at most 120 months, in order`)
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const month = first + i
    return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`
  })
}

export const binsOf = (groups: readonly CountedGroup[]): number => groups.reduce((sum, { bins }) => sum + bins.length, 0)

/** Throws InvalidInputError BAD_GROUPS: a name or a bin twice, or more bins than are taken. */
export function checkGroups(groups: readonly CountedGroup[]): void {
  const isDoubled = (list: readonly string[]): boolean => new Set(list).size !== list.length
  if (isDoubled(groups.map(({ name }) => name)) || groups.some(({ bins }) => isDoubled(bins)) || binsOf(groups) > MAX_BINS)
    throw new InvalidInputError('BAD_GROUPS', `groups and their bins have different names, and there are at most ${MAX_BINS} bins`)
}

/** Scale of a group's noise: each group gets the same part of ε, and one person moves its bins by `perPerson` together. */
export function scaleOf({ perPerson }: CountedGroup, { epsilonPpm, groups }: { epsilonPpm: number; groups: number }): Rational {
  return { num: BigInt(perPerson) * BigInt(groups) * BigInt(PPM), den: BigInt(epsilonPpm) }
}

export const qualityDecile = (ppm: number): string => String(Math.min(9, Math.floor((ppm * 10) / PPM)))
export const lengthDecile = (characters: number): string =>
  String(Math.min(9, Math.max(0, 32 - Math.clz32(Math.min(characters, 2 ** 31 - 1)) - LEAST_LENGTH_BITS)))
