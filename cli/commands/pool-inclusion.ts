import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { encode, MAX_POOL_RELEASE_BYTES, parse, peerFromDid, poolInclusion } from '../../schemas/wire/index.ts'
import { writeFile } from 'node:fs/promises'
import { print, printJson, type Run } from '../program/index.ts'
import { readAtMost } from '../wiring/index.ts'
import { hasSeed, isPrivateDao, isPublicMultiaddr, systemClock, untilStopped } from '../wiring/index.ts'
import { factsOf, openPool, poolSession } from './pool-session.ts'

const MAX_PROOF_BYTES = 4096

/** Exit 3: not in it, or a proof that does not hold. */
export const run: Run = async ([manifest], flags) => {
  if (manifest === undefined) throw new UsageError('RELEASE_MISSING', 'which release? Its public manifest, release.cbor')
  const room = await openPoolReleases()
  const release = room.readPoolRelease(await readAtMost(manifest, MAX_POOL_RELEASE_BYTES))
  if (!release.ok) throw new InvalidInputError(release.code, `${manifest}: ${release.message}`)
  const say = (isIn: boolean, contribution: string | null): number => {
    if (flags['json'] === true) printJson({ release: release.cid.toString(), in: isIn, contribution })
    else print(isIn ? `${contribution} is in ${release.value.name}, for ${release.value.trainer}` : `not in ${release.value.name}`)
    return isIn ? 0 : 3
  }
  if (typeof flags['proof'] === 'string') {
    const proof = parse(poolInclusion, await readAtMost(flags['proof'], MAX_PROOF_BYTES), MAX_PROOF_BYTES)
    return say(room.isMember(proof, release), proof.manifest.toString())
  }
  const stop = untilStopped()
  const session = await poolSession(flags)
  if (!hasSeed(session.home))
    throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}; "quern pool offer" does that`)
  const facts = await factsOf(session, stop.signal)
  if (facts.ledger !== release.value.dao) throw new InvalidInputError('OTHER_LEDGER', `the release is of ${release.value.dao}`)
  await using home = await openPool(session, facts.ledger, flags)
  await home.mesh.connect(isPrivateDao(session.dao) ? session.dao : session.dao.filter(isPublicMultiaddr), { signal: stop.signal })
  const { operator } = facts.state
  if (release.value.by !== operator) throw new InvalidInputError('OTHER_OPERATOR', `${manifest} is not signed by the operator of this DAO`)
  const { subject } = home
  const proof = await room.askInclusion({ mesh: home.mesh, clock: systemClock, operator: peerFromDid(operator) }, release, {
    subject,
    isOwn: (one) => facts.state.contributions.get(one.toString())?.contributor === subject.did,
  })
  if (proof !== undefined && typeof flags['out'] === 'string') await writeFile(flags['out'], encode(proof))
  return say(proof !== undefined, proof?.manifest.toString() ?? null)
}
