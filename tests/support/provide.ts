/** Programs of others that tests need: brought where they are missing, or the words that say what to do. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Set to 1, it leaves out the tests of a project whose programs are not there, and brings none. */
export type LeaveOut = 'SKIP_INTEROP' | 'SKIP_REAL'
export const mayLeaveOut = (which: LeaveOut): boolean => process.env[which] === '1'

/** Debian packages by apt, as root. Throws an error that names them, and `leaveOut`, where that cannot be. */
export async function apt(packages: readonly string[], leaveOut: LeaveOut): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error(
      `missing: ${packages.join(' ')}. Install these Debian packages, run this as root where apt-get is, or leave the tests out: ${leaveOut}=1`,
    )
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 << 20 }
  await run('apt-get', ['update', '-qq'], options)
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options)
}

/** Makes a Python with packages from PyPI in `folder`; apt brings what Python itself lacks. */
export async function makePython(folder: string, install: readonly string[], leaveOut: LeaveOut): Promise<string> {
  const canMake = await run('python3', ['-c', 'import ensurepip, venv']).then(
    () => true,
    () => false,
  )
  if (!canMake) await apt(['python3', 'python3-venv'], leaveOut)
  const python = `${folder}/bin/python`
  await run('python3', ['-m', 'venv', '--clear', folder])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...install], { maxBuffer: 64 << 20 })
  return python
}

/** Go, on the path or where its own installer puts it. Throws an error that says where it is to be had. */
export async function findGo(leaveOut: LeaveOut): Promise<string> {
  for (const go of ['go', '/usr/local/go/bin/go'])
    if (
      await run(go, ['version']).then(
        () => true,
        () => false,
      )
    )
      return go
  throw new Error(`Go 1.24 or newer is needed: https://go.dev/dl. Or leave the tests out: ${leaveOut}=1`)
}
