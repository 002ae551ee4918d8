import { codeOf, InvalidInputError, ProofError, toError } from '../../core/errors/index.ts'
import {
  type Checkpoint,
  LogReader,
  parseAddCheckpoint,
  parsePolicy,
  peekCheckpoint,
  type Policy,
  policyOf,
  verifyCheckpoint,
  verifyConsistency,
  verifyLog,
  verifyProof,
} from '../../dao/log/index.ts'
import { quorum, seatedValidators } from '../../dao/ledger/index.ts'
import { openDiskLogStore } from '../../dao/stores/index.ts'
import { equalBytes } from '../../schemas/wire/index.ts'
import { logFolder, replayFolder } from '../wiring/index.ts'
import { print, printJson, readAtMost, readTextAtMost, type Run, say, settingOf } from '../program/index.ts'

const MAX_FILE_BYTES = 1 << 20
/** The longest entry that a log takes, and one byte more. */
const MAX_ENTRY_FILE_BYTES = 1 << 16

/** What was verified: as an object and in words. */
interface Verified {
  json: object
  words: string
}

export const run: Run = async ([given], flags) => {
  const word = (name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined)
  const [proof, since, policyFile] = [word('proof'), word('since'), word('policy')]
  const folder = (): string => logFolder(settingOf('home', flags) as string, given)
  const named = policyFile === undefined ? undefined : parsePolicy(await readTextAtMost(policyFile, MAX_FILE_BYTES))
  // only after its files were verified may a log say whom to trust
  const policy = async (): Promise<Policy> => named ?? ledgerPolicy(folder())
  const earlier = since === undefined ? undefined : peekCheckpoint(await readTextAtMost(since, MAX_FILE_BYTES))
  const text = proof === undefined ? undefined : await readTextAtMost(proof, MAX_FILE_BYTES)
  try {
    const { json, words } =
      text === undefined
        ? await wholeLog(folder(), policy, earlier)
        : text.startsWith('old ')
          ? growth(text, await policy(), earlier)
          : await oneEntry(text, word('entry'), await policy())
    if (flags['json'] === true) printJson({ ok: true, ...json })
    else print(`right: ${words}`)
    return 0
  } catch (error) {
    // what was not given, and what cannot be read, are no verdict
    if (error instanceof InvalidInputError && /_(?:MISSING|UNREADABLE)$|^NO_|^TOO_LARGE$|^LOG_SHORTER$/.test(error.code)) throw error
    const problem = { file: fileOf(error) ?? proof ?? 'checkpoint', code: codeOf(error), message: toError(error).message }
    if (flags['json'] === true) printJson({ ok: false, problem })
    say(`${problem.file}: ${problem.message} [${problem.code}]`)
    return 3
  }
}

/** Every tile and bundle, the checkpoint over them, and that an earlier one was of the same log. */
async function wholeLog(folder: string, policy: () => Promise<Policy>, earlier: Readonly<Checkpoint> | undefined): Promise<Verified> {
  const store = await openDiskLogStore(folder)
  const note = await store.read('checkpoint')
  if (note === undefined) throw new InvalidInputError('NO_CHECKPOINT', `${folder} holds no checkpoint`)
  const { size, root } = peekCheckpoint(note)
  const verdict = await verifyLog(store, { size, root })
  if (!verdict.ok) throw new ProofError(verdict.code, verdict.message, { detail: { file: verdict.file } })
  const { origin, cosigned } = verifyCheckpoint(note, await policy())
  if (earlier !== undefined) {
    sameLog(earlier, origin)
    if (earlier.size > size)
      throw new InvalidInputError('LOG_SHORTER', `${folder} has ${size} entries and the checkpoint ${earlier.size}: copy the log anew`)
    if (!equalBytes(await new LogReader(store, size).root(earlier.size), earlier.root)) throw notGrown(earlier, size)
  }
  const since = earlier === undefined ? '' : `, and the log of ${earlier.size} entries is its beginning`
  return {
    json: { origin, size, root, cosigned, since: earlier?.size ?? null },
    words: `${origin}, ${size} entries, ${verdict.files} files, ${cosigned.length} cosignatures${since}`,
  }
}

/** A consistency proof by itself: no tile is read. */
function growth(text: string, policy: Policy, earlier: Readonly<Checkpoint> | undefined): Verified {
  if (earlier === undefined) throw new InvalidInputError('SINCE_MISSING', 'which earlier log? give its checkpoint with --since FILE')
  const { old, proof, note } = parseAddCheckpoint(text)
  const { origin, size, root } = verifyCheckpoint(note, policy)
  sameLog(earlier, origin)
  if (old !== earlier.size)
    throw new ProofError('OTHER_SIZE', `the proof begins at ${old} entries, the earlier checkpoint has ${earlier.size}`)
  if (!verifyConsistency(proof, { oldSize: old, oldRoot: earlier.root, size, root })) throw notGrown(earlier, size)
  return { json: { origin, size, since: old }, words: `${origin}, the log of ${old} entries is the beginning of that of ${size}` }
}

async function oneEntry(text: string, entry: string | undefined, policy: Policy): Promise<Verified> {
  if (entry === undefined) throw new InvalidInputError('ENTRY_MISSING', 'which entry? give its bytes with --entry FILE')
  const { index, checkpoint } = verifyProof(text, await readAtMost(entry, MAX_ENTRY_FILE_BYTES), policy)
  return { json: { index, size: checkpoint.size }, words: `entry ${index} of ${checkpoint.size} in ${checkpoint.origin}` }
}

function sameLog(earlier: Readonly<Checkpoint>, origin: string): void {
  if (earlier.origin !== origin) throw new ProofError('OTHER_LOG', `the earlier checkpoint is of ${earlier.origin}, this one of ${origin}`)
}

const notGrown = ({ size: old }: Readonly<Checkpoint>, size: number): ProofError =>
  new ProofError(
    'NOT_CONSISTENT',
    `the log of ${size} entries does not begin with that of ${old} entries: keep both checkpoints; where the log signed both, they prove it`,
  )

const fileOf = (error: unknown): string | undefined =>
  error instanceof ProofError ? (error.detail['file'] as string | undefined) : undefined

/** Whom the ledger itself names: its log key and its seated validators. A stranger's own policy file is the stronger check. */
async function ledgerPolicy(folder: string): Promise<Policy> {
  const { state } = (await replayFolder(folder)).ledger
  return policyOf({ logs: [state.logKey], witnesses: seatedValidators(state).map((seat) => seat.statement.witness), quorum: quorum(state) })
}
