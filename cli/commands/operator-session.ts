/** What the operator's commands for a running pool have in common: the folder of the DAO, its key, its log, and whoever is met on the mesh. */
import path from 'node:path'
import { RefusedError } from '../../core/errors/index.ts'
import { openKeyFile, type Signer } from '../../core/identity/index.ts'
import { type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { readPolicy } from '../../dao/consent/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import type { CID, ConsentPolicy } from '../../schemas/wire/index.ts'
import { type Flags, say, settingOf } from '../program/index.ts'
import {
  assemblerKey,
  daoFolder,
  httpBase,
  isPrivateDao,
  isPublicMultiaddr,
  learnDao,
  logger,
  type OperatorWriter,
  operatorWriter,
  replayPool,
  type ReplayedPool,
  resolveDao,
  systemClock,
} from '../wiring/index.ts'

export interface OperatorSession {
  folder: string
  /** Where the DAO's service answers over HTTP. */
  base: string
  operator: Signer
  /** The account that meets keyholders: two peers under the operator's key would be taken for one another. */
  assembler: Signer
  /** As the folder's checkpoint covers it. */
  pool: ReplayedPool
  state: LedgerState
  write: OperatorWriter
}

/** `doing` completes "only the operator …". Throws RefusedError NOT_THE_OPERATOR, and what keys and logs that cannot be read say. */
export async function operatorSession(flags: Flags, doing: string): Promise<OperatorSession> {
  const folder = daoFolder(settingOf('home', flags) as string)
  const base = httpBase(`http://${settingOf('http', flags)}`)
  const operator = await openKeyFile(path.join(folder, 'keys', 'identity.key'))
  const pool = await replayPool(path.join(folder, 'log'))
  const { state } = pool.ledger
  if (operator.did !== state.operator) throw new RefusedError('NOT_THE_OPERATOR', `only the operator ${doing}; ${folder} holds another key`)
  return {
    folder,
    base,
    operator,
    assembler: await assemblerKey(folder),
    pool,
    state,
    write: operatorWriter(base, state.id, operator),
  }
}

/** The policy of the charter in force. Throws RefusedError NO_POOL. */
export function policyInForce({ state, pool: { files } }: Pick<OperatorSession, 'state' | 'pool'>): { cid: CID; policy: ConsentPolicy } {
  const bytes = state.charter.consent === null ? undefined : files.read(state.charter.consent)
  const read = bytes && readPolicy(bytes)
  if (!read?.ok) throw new RefusedError('NO_POOL', 'this DAO has no personal pool; "quern dao pool open" opens one')
  return read
}

export interface Met extends AsyncDisposable {
  mesh: Mesh
  /** Connects to an account that the DAO knows, or to the DAO's service itself; does nothing for others. Throws what connecting does. */
  dial(account: string): Promise<void>
}

/** A mesh of the assembler's, connected to those of the accounts that answer; says which do not. */
export async function meet(
  { base, operator, assembler }: Pick<OperatorSession, 'base' | 'operator' | 'assembler'>,
  accounts: Iterable<string>,
  signal: AbortSignal,
): Promise<Met> {
  const addresses = await resolveDao(base)
  const privateNetwork = isPrivateDao(addresses)
  const { known } = await learnDao(addresses, { logger: await logger('error'), signal })
  await using stack = new AsyncDisposableStack()
  const mesh = stack.use(await openLibp2pMesh({ signer: assembler, clock: systemClock, listen: [], privateNetwork }))
  const dial = async (account: string): Promise<void> => {
    const where = account === operator.did ? addresses : known.find(({ did }) => did === account)?.addresses
    if (where !== undefined) await mesh.connect(privateNetwork ? where : where.filter(isPublicMultiaddr), { signal })
  }
  for (const account of new Set(accounts)) await dial(account).catch(() => say(`quern: ${account} does not answer`))
  const owned = stack.move()
  return { mesh, dial, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
