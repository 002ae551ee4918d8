/** Brings Kubo and Python's data tools before the interop tests: minutes once, and a look at the user's cache from then on. */
import { mayLeaveOut } from '../support/provide.ts'
import { buildKubo, findKubo } from './kubo.ts'
import { findPython, installPython } from './python.ts'

export default async function prepare(): Promise<void> {
  if (mayLeaveOut('SKIP_INTEROP')) return
  if ((await findPython()) === undefined) await installPython()
  if ((await findKubo()) === undefined) await buildKubo()
}
