import type { SiteHost } from '../hosts.ts'
import { blog } from './blog.ts'
import { docs } from './docs.ts'
import { forum } from './forum.ts'
import { kitchen } from './kitchen.ts'
import { news } from './news.ts'
import type { Template } from './page.ts'
import { plain } from './plain.ts'
import { shop } from './shop.ts'

export type { View } from './page.ts'

/** Every host is built differently, as hosts are. */
export const templates: Record<SiteHost['template'], Template> = { docs, blog, shop, forum, news, kitchen, plain }
