import { expect, it } from 'vitest'
import * as room from './index.ts'

it('lists every protocol that the room defines: what the docs, the samples and the compliance suite see', () => {
  const defined = Object.values(room).filter((one): one is room.Protocol => typeof one === 'object' && 'query' in one && 'reply' in one)
  expect(room.protocols.map(({ id }) => id).toSorted()).toEqual(defined.map(({ id }) => id).toSorted())
})
