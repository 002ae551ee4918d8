/** The lockfile as every machine needs it: complete, and free of the machine it was made on. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

interface Locked {
  version?: string
  resolved?: string
  link?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const root = path.resolve(import.meta.dirname, '..')
const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }

/** Where Node would find `name` from a package at `at`. */
function found(at: string, name: string): Locked | undefined {
  for (let folder = at; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const here = packages[`${folder}${folder === '' ? '' : '/'}node_modules/${name}`]
    if (here || folder === '') return here
    if (!folder.includes('/node_modules/')) folder = ''
  }
}

it('names every dependency, those of other platforms too, or "npm ci" refuses to start', () => {
  const missing = Object.entries(packages).flatMap(([at, { dependencies = {}, optionalDependencies = {} }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => {
        const locked = found(at, name)
        return locked === undefined || (!locked.link && locked.version === undefined)
      })
      .map((name) => `${at || 'quern'} needs ${name}`),
  )
  expect(Object.keys(packages).length).toBeGreaterThan(300)
  expect(missing).toEqual([])
})

it('names no registry: npm asks the one it is set to', () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined && /^\w+:/.test(resolved))).toEqual([])
})
