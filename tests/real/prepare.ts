/** Brings the manuals, nginx and Python's data tools before the tests on real pages. */
import { mayLeaveOut } from '../support/provide.ts'
import { areInstalled, installManuals } from './manuals.ts'
import { findPython, installPython } from './python.ts'

export default async function prepare(): Promise<void> {
  if (mayLeaveOut('SKIP_REAL')) return
  if (!areInstalled()) await installManuals()
  if (findPython() === undefined) await installPython()
}
