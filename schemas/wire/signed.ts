/** What objects that are signed for one DAO have in common. */
import { z } from 'zod'
import { bytesOf } from './bytes.ts'

/** Which ledger it is for: one that is for another is somebody else's. */
export const ledgerId = z.string().min(1).max(128)
/** Ed25519, over the domain and the object without it. */
export const signature = bytesOf(64)
export const hash32 = bytesOf(32)
const ID = '[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,3}'
/** `name@version`: a kind of records. */
export const schemaId = z.string().regex(new RegExp(`^${ID}$`), 'name@version')
/** `name@version/n`: the n-th way to make or measure such records. */
export const pipelineId = z.string().regex(new RegExp(`^${ID}/[1-9][0-9]{0,3}$`), 'name@version/version')
/** Of ristretto255. */
export const point = bytesOf(32)
