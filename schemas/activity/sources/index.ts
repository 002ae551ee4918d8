import type { SourceParser } from '../source.ts'
import { appleHealth } from './apple-health/index.ts'
import { chatgpt } from './chatgpt/index.ts'
import { googleTakeout } from './google-takeout/index.ts'
import { linkedin } from './linkedin/index.ts'
import { facebook, instagram } from './meta/index.ts'
import { netflix } from './netflix/index.ts'
import { own } from './own/index.ts'
import { reddit } from './reddit/index.ts'
import { spotify } from './spotify/index.ts'
import { tiktok } from './tiktok/index.ts'
import { whatsapp } from './whatsapp/index.ts'
import { x } from './x/index.ts'

export const parsers: readonly SourceParser[] = [
  googleTakeout,
  reddit,
  x,
  instagram,
  facebook,
  linkedin,
  spotify,
  netflix,
  chatgpt,
  whatsapp,
  appleHealth,
  tiktok,
  own,
]
