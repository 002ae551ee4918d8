/** The names of the site, what each is like, and what each asks of robots. */

export interface SiteHost {
  /** First label; the full name is `<label>.quern.test`. */
  label: string
  title: string
  template: 'docs' | 'blog' | 'shop' | 'forum' | 'news' | 'kitchen' | 'plain'
  /** Null: no robots.txt (404). */
  robots: string | null
  /** Status of robots.txt when not 200. */
  robotsStatus?: number
  /** Other fixed files by path: `[content type, body]`. */
  files?: Record<string, [type: string, body: string]>
  /** Whether an obedient crawler may seed here and get something. */
  isOpen: boolean
}

export const DOMAIN = 'quern.test'

export const siteHosts: SiteHost[] = [
  {
    label: 'docs',
    title: 'Millwright manual',
    template: 'docs',
    robots:
      'User-agent: *\nDisallow: /internal/\nAllow: /internal/changelog\nDisallow: /*.bak$\n\nSitemap: http://docs.quern.test/sitemap.xml\n',
    isOpen: true,
  },
  {
    label: 'blog',
    title: 'Slow Stones',
    template: 'blog',
    robots: null,
    files: {
      '/.well-known/tdmrep.json': [
        'application/json',
        '[{"location": "/manuscripts/*", "tdm-reservation": 1}, {"location": "/*", "tdm-reservation": 0}]',
      ],
    },
    isOpen: true,
  },
  {
    label: 'shop',
    title: 'Harrow & Hopper',
    template: 'shop',
    robots: 'User-agent: *\nDisallow: /cart\nDisallow: /checkout/\nDisallow: /*?sort=\nDisallow: /account\n',
    isOpen: true,
  },
  {
    label: 'forum',
    title: 'The Millpond',
    template: 'forum',
    robots: '# we are small: be gentle\nUser-agent: *\nCrawl-delay: 0.02\nDisallow: /members/\nDisallow: /reply\n',
    isOpen: true,
  },
  {
    label: 'news',
    title: 'The Weirside Courier',
    template: 'news',
    robots:
      'User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /letters/ train-ai=n\nDisallow: /archive/\n\nUser-agent: BadBot\nDisallow: /\n',
    isOpen: true,
  },
  { label: 'kitchen', title: 'Flour & Fire', template: 'kitchen', robots: 'User-agent: *\nAllow: /\nDisallow: /drafts/\n', isOpen: true },
  { label: 'intl', title: 'Words of the Mill', template: 'plain', robots: 'User-agent: *\nDisallow:\n', isOpen: true },
  {
    label: 'press',
    title: 'Aldertide Press',
    template: 'news',
    robots: 'User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n',
    isOpen: false,
  },
  { label: 'closed', title: 'Keep Out Kiln', template: 'plain', robots: 'User-agent: *\nDisallow: /\n', isOpen: false },
  { label: 'flaky', title: 'The Weather Vane', template: 'plain', robots: 'service unavailable\n', robotsStatus: 503, isOpen: false },
]

export const hostName = (label: string): string => `${label}.${DOMAIN}`
