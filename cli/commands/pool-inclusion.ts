import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { encode, MAX_POOL_RELEASE_BYTES, parse, peerFromDid, type PoolInclusion, poolInclusion, toHex } from '../../schemas/wire/index.ts'
import { writeFile } from 'node:fs/promises'
import { print, printable, printJson, readAtMost, type Run, say as tell } from '../program/index.ts'
import {
  hasSeed,
  holdAgainst,
  isPrivateDao,
  isPublicMultiaddr,
  systemClock,
  type TrustedOperator,
  trustedOperator,
  untilStopped,
  unvouched,
} from '../wiring/index.ts'
import { factsOf, openPool, poolSession } from './pool-session.ts'

const MAX_PROOF_BYTES = 4096

/** Exit 3: not in it, or a proof that does not hold. */
export const run: Run = async ([manifest], flags) => {
  if (manifest === undefined) throw new UsageError('RELEASE_MISSING', 'which release? Its public manifest, release.cbor')
  const room = await openPoolReleases()
  const release = room.readPoolRelease(await readAtMost(manifest, MAX_POOL_RELEASE_BYTES))
  if (!release.ok) throw new InvalidInputError(release.code, `${manifest}: ${release.message}`)
  const { value } = release
  const say = (proof: PoolInclusion | undefined, trusted: TrustedOperator['by'] | null): number => {
    const { by, name, trainer } = value
    const isIn = proof !== undefined && room.isMember(proof, release)
    const contribution = proof?.manifest.toString() ?? null
    // with it, and the proof, its owner shows a trainer which rows of a release are theirs
    const member = isIn ? toHex(room.memberCommit(room.memberTag(proof.salt))) : null
    if (flags['json'] === true) printJson({ release: release.cid.toString(), in: isIn, contribution, member, by, trusted })
    else
      print(printable(`${isIn ? `${contribution} is in ${name}, for ${trainer}, as member ${member}` : `not in ${name}`}; signed by ${by}`))
    return isIn ? 0 : 3
  }
  if (typeof flags['proof'] === 'string') {
    const trusted = await trustedOperator(flags)
    holdAgainst(trusted, value, manifest)
    if (trusted === undefined) tell(`quern: ${unvouched(value.by)}`)
    const proof = parse(poolInclusion, await readAtMost(flags['proof'], MAX_PROOF_BYTES), MAX_PROOF_BYTES)
    return say(proof, trusted?.by ?? null)
  }
  for (const flag of ['operator', 'log'])
    if (flags[flag] !== undefined)
      throw new UsageError(
        'BAD_FLAG',
        `--${flag} is for a proof in a file (--proof); without one the DAO that you ask says who its operator is`,
      )
  const stop = untilStopped()
  const session = await poolSession(flags)
  if (!hasSeed(session.home))
    throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}; "quern pool offer" does that`)
  const facts = await factsOf(session, stop.signal)
  const { operator } = facts.state
  // before anything is asked under the person's account
  holdAgainst({ operator, ledger: facts.ledger }, value, manifest)
  await using home = await openPool(session, facts.ledger, flags)
  await home.mesh.connect(isPrivateDao(session.dao) ? session.dao : session.dao.filter(isPublicMultiaddr), { signal: stop.signal })
  const { subject } = home
  const proof = await room.askInclusion({ mesh: home.mesh, clock: systemClock, operator: peerFromDid(operator) }, release, {
    subject,
    isOwn: (one) => facts.state.contributions.get(one.toString())?.contributor === subject.did,
  })
  if (proof !== undefined && typeof flags['out'] === 'string') await writeFile(flags['out'], encode(proof))
  return say(proof, 'dao')
}
