/** Every setting of a role: flag, environment variable, default, a line of help. Flags over environment over defaults. */
export interface Setting {
  flag: string
  env: string
  fallback: string | undefined
  help: string
}

export const settings = {
  home: { flag: '--home <dir>', env: 'QUERN_HOME', fallback: '.quern', help: 'folder of keys, blocks and state' },
  dao: {
    flag: '--dao <address>',
    env: 'QUERN_DAO',
    fallback: undefined,
    help: 'the DAO: its HTTP address, or a multiaddr ending in /p2p/<peer>',
  },
  listen: {
    flag: '--listen <multiaddr>',
    env: 'QUERN_LISTEN',
    fallback: '/ip4/127.0.0.1/tcp/0',
    help: 'where peers reach us; "none" to listen nowhere',
  },
  announce: {
    flag: '--announce <multiaddr>',
    env: 'QUERN_ANNOUNCE',
    fallback: undefined,
    help: 'what to tell others instead of the addresses listened on: behind a NAT or a container’s port mapping',
  },
  maxBytes: {
    flag: '--max-bytes <n>',
    env: 'QUERN_MAX_BYTES',
    fallback: undefined,
    help: 'bytes that blocks may take, in the public and in the private space each; without it what the disk has left',
  },
  privateNetwork: {
    flag: '--private-network',
    env: 'QUERN_PRIVATE_NETWORK',
    fallback: undefined,
    help: '1: peers are of one network of ours and may share an address, as containers do; 1 of itself where all are on this machine',
  },
  http: { flag: '--http <host:port>', env: 'QUERN_HTTP', fallback: '127.0.0.1:8080', help: 'host and port of the DAO’s HTTP API' },
  operator: {
    flag: '--operator <name>',
    env: 'QUERN_OPERATOR',
    fallback: 'unnamed',
    help: 'who runs this validator; seats of one operator never test together',
  },
  allowPrivate: {
    flag: '--allow-private <cidr[:port]…>',
    env: 'QUERN_ALLOW_PRIVATE',
    fallback: '',
    help: 'private addresses that crawling may reach, separated by commas; none by default',
  },
  hosts: {
    flag: '--hosts <name=ip…>',
    env: 'QUERN_HOSTS',
    fallback: '',
    help: 'names to resolve by this list instead of DNS, separated by commas',
  },
  shareDays: {
    flag: '--share-days <n>',
    env: 'QUERN_SHARE_DAYS',
    fallback: '31',
    help: 'age in days at which the shares of what is in a personal pool are dealt anew; 0: the service deals none, the operator’s command does',
  },
  proxy: {
    flag: '--proxy <url>',
    env: 'QUERN_PROXY',
    fallback: undefined,
    help: 'HTTP proxy for every request to the web: http://[user:password@]host:port',
  },
  logLevel: {
    flag: '--log-level <level>',
    env: 'QUERN_LOG_LEVEL',
    fallback: 'warn',
    help: 'debug, info, warn or error; JSON lines on stderr',
  },
} satisfies Record<string, Setting>
export type SettingName = keyof typeof settings

/** The value of a setting: the flag given, else the environment, else the default. A flag without a value is `1`. */
export function settingOf(name: SettingName, flags: Record<string, unknown>): string | undefined {
  const flag = flags[name]
  if (flag === true) return '1'
  if (typeof flag === 'string' && flag !== '') return flag
  const env = process.env[settings[name].env]
  return env !== undefined && env !== '' ? env : settings[name].fallback
}

export const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
