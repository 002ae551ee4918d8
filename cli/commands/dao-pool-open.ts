import { RefusedError } from '../../core/errors/index.ts'
import { isKeyOf } from '../../dao/consent/index.ts'
import { dealPoolKey } from '../../dao/custody/index.ts'
import { poolKeysNamed, seatedValidators } from '../../dao/ledger/index.ts'
import { chooseCommittee, openPool, readPoolFile } from '../../dao/pool-policy/index.ts'
import { DiskWaitingShares } from '../../dao/stores/index.ts'
import { cborCid, encode } from '../../schemas/wire/index.ts'
import { listOf, numberFlag, print, printable, printJson, readTextAtMost, type Run } from '../program/index.ts'
import { systemClock, waitingSharesFolder } from '../wiring/index.ts'
import { operatorSession } from './operator-session.ts'

const MAX_POOL_FILE_BYTES = 1 << 20

export const run: Run = async ([file = 'pool.yaml'], flags) => {
  const pool = readPoolFile(await readTextAtMost(file, MAX_POOL_FILE_BYTES, '"quern dao pool init" writes one'))
  const {
    folder,
    operator,
    assembler,
    state,
    pool: { files },
    write,
  } = await operatorSession(flags, 'opens a pool')
  const seats = seatedValidators(state).map(({ statement }) => ({ account: statement.validator, operator: statement.operator }))
  const members = listOf(flags['members'] as string | undefined)
  const [k, n] = [numberFlag(flags, 'k', 0), numberFlag(flags, 'n', 0)]
  const committee = chooseCommittee(seats, {
    ...(members.length > 0 && { members }),
    ...(k > 0 && { k }),
    ...(n > 0 && { n }),
  })
  // the same keyholders go on with the key they have, so that what was offered before is still known
  const known = poolKeysNamed(state, files).findLast(({ key }) => isKeyOf(key, state.id, committee))
  const dealt = known ? undefined : dealPoolKey({ dao: state.id, ...committee, at: Math.floor(systemClock.now() / 1000) }, operator)
  const key = known?.key ?? (dealt as NonNullable<typeof dealt>).key
  const newest = state.pendingCharters.at(-1)
  const opened = openPool(pool, {
    base: newest?.charter ?? state.charter,
    committee,
    operator,
    key,
    assembler: assembler.did,
    successors: flags['successors'] === true,
  })
  const from = Math.max((state.epoch?.number ?? 0) + 1, newest?.from ?? 0, numberFlag(flags, 'from', 0))
  const payload = { charter: opened.charter.cid, version: opened.charter.version, from }
  const waiting = new DiskWaitingShares(waitingSharesFolder(folder))
  const keyCid = cborCid(encode(key))
  // once the log names the key, these are the only shares of it that there will be
  if (dealt) await waiting.keep(keyCid, dealt.shares)
  await write('charter', payload, opened.files).catch(async (thrown: unknown) => {
    if (dealt && thrown instanceof RefusedError) for (const { x } of dealt.shares) await waiting.forget(keyCid, x)
    throw thrown
  })
  const facts = {
    policy: opened.policy.toString(),
    charter: opened.charter.cid.toString(),
    version: payload.version,
    from,
    poolKey: keyCid.toString(),
    ...committee,
  }
  if (flags['json'] === true) return printJson({ ...facts, notice: opened.notice })
  print(printable(opened.notice))
  print(
    `The pool opens with epoch ${from}: ${committee.k} of ${committee.members.length} keyholders read, ${committee.members.length - committee.k + 1} deletions close it.`,
  )
  print(
    known
      ? 'Its tokens stay those of the key that these keyholders have.'
      : 'A key for its tokens was dealt; "quern dao serve" hands each keyholder its share and forgets it.',
  )
  print(`policy   ${facts.policy}\ncharter  version ${payload.version}, ${facts.charter}`)
}
