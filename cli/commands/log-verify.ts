import { readFile } from 'node:fs/promises'
import { codeOf, InvalidInputError, toError } from '../../core/errors/index.ts'
import { parsePolicy, peekCheckpoint, type Policy, policyOf, verifyCheckpoint, verifyLog, verifyProof } from '../../dao/log/index.ts'
import { quorum, seatedValidators } from '../../dao/ledger/index.ts'
import { openDiskLogStore } from '../../dao/stores/index.ts'
import { logFolder, replayFolder } from '../wiring/index.ts'
import { print, printJson, type Run, say, settingOf } from '../program/index.ts'

export const run: Run = async ([given], flags) => {
  const policyFile = flags['policy']
  const policy = typeof policyFile === 'string' ? parsePolicy(await readText(policyFile)) : undefined
  if (typeof flags['proof'] === 'string')
    return verifyOne(
      flags['proof'],
      flags['entry'],
      policy ?? (await ledgerPolicy(logFolder(settingOf('home', flags) as string, given))),
      flags['json'] === true,
    )
  const folder = logFolder(settingOf('home', flags) as string, given)
  const store = await openDiskLogStore(folder)
  const note = await store.read('checkpoint')
  if (note === undefined) throw new InvalidInputError('NO_CHECKPOINT', `${folder} holds no checkpoint`)
  const { size, root } = peekCheckpoint(note)
  const verdict = await verifyLog(store, { size, root })
  if (!verdict.ok) return refuse({ file: verdict.file, code: verdict.code, message: verdict.message }, flags['json'] === true)
  try {
    const checked = verifyCheckpoint(note, policy ?? (await ledgerPolicy(folder)))
    if (flags['json'] === true) printJson({ ok: true, origin: checked.origin, size, root, cosigned: checked.cosigned })
    else print(`right: ${checked.origin}, ${size} entries, ${verdict.files} files, ${checked.cosigned.length} cosignatures`)
    return 0
  } catch (error) {
    return refuse({ file: 'checkpoint', code: codeOf(error), message: toError(error).message }, flags['json'] === true)
  }
}

/** Whom the ledger itself names: its log key and its seated validators. A stranger's own policy file is the stronger check. */
async function ledgerPolicy(folder: string): Promise<Policy> {
  const { state } = (await replayFolder(folder)).ledger
  return policyOf({ logs: [state.logKey], witnesses: seatedValidators(state).map((seat) => seat.statement.witness), quorum: quorum(state) })
}

async function verifyOne(proof: string, entry: unknown, policy: Policy, json: boolean): Promise<number> {
  if (typeof entry !== 'string') throw new InvalidInputError('ENTRY_MISSING', 'which entry? give its bytes with --entry FILE')
  try {
    const { index, checkpoint } = verifyProof(await readText(proof), new Uint8Array(await readFile(entry)), policy)
    if (json) printJson({ ok: true, index, size: checkpoint.size })
    else print(`right: entry ${index} of ${checkpoint.size} in ${checkpoint.origin}`)
    return 0
  } catch (error) {
    return refuse({ file: proof, code: codeOf(error), message: toError(error).message }, json)
  }
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}`, { cause })
  })
}

function refuse(problem: { file: string; code: string; message: string }, json: boolean): number {
  if (json) printJson({ ok: false, problem })
  say(`${problem.file}: ${problem.message} [${problem.code}]`)
  return 3
}
