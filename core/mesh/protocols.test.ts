import { expect, it } from 'vitest'
import * as room from './index.ts'

it('lists every protocol that the room defines: what the docs, the samples and the compliance suite see', () => {
  const defined = Object.values<unknown>(room).flatMap((one) => (isProtocol(one) ? [one.id] : []))
  expect(room.protocols.map(({ id }) => id).toSorted()).toEqual(defined.toSorted())
})

function isProtocol(one: unknown): one is room.Protocol {
  return typeof one === 'object' && one !== null && 'query' in one && 'reply' in one
}
