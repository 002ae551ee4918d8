/** Every setting of a role: flag, environment variable, default, a line of help. Flags over environment over `config.yaml` over defaults. */
export interface Setting {
  name: string
  flag: string
  env: string
  fallback: string | undefined
  help: string
}

const setting = (name: string, flag: string, env: string, fallback: string | undefined, help: string): Setting => ({
  name,
  flag,
  env,
  fallback,
  help,
})

export const settings = {
  home: setting('home', '--home <dir>', 'QUERN_HOME', '.quern', 'folder of keys, blocks and state'),
  dao: setting('dao', '--dao <address>', 'QUERN_DAO', undefined, 'the DAO: its HTTP address, or a multiaddr ending in /p2p/<peer>'),
  listen: setting(
    'listen',
    '--listen <multiaddr>',
    'QUERN_LISTEN',
    '/ip4/127.0.0.1/tcp/0',
    'where peers reach us; "none" to listen nowhere',
  ),
  announce: setting(
    'announce',
    '--announce <multiaddr>',
    'QUERN_ANNOUNCE',
    undefined,
    'what to tell others instead of the addresses listened on: behind a NAT or a container’s port mapping',
  ),
  maxBytes: setting(
    'maxBytes',
    '--max-bytes <n>',
    'QUERN_MAX_BYTES',
    undefined,
    'bytes that blocks may take, in the public and in the private space each; without it what the disk has left',
  ),
  http: setting('http', '--http <host:port>', 'QUERN_HTTP', '127.0.0.1:8080', 'where the HTTP API listens'),
  operator: setting(
    'operator',
    '--operator <name>',
    'QUERN_OPERATOR',
    'unnamed',
    'who runs this validator; seats of one operator never test together',
  ),
  allowPrivate: setting(
    'allowPrivate',
    '--allow-private <cidr[:port]…>',
    'QUERN_ALLOW_PRIVATE',
    '',
    'private addresses that crawling may reach, separated by commas; none by default',
  ),
  hosts: setting('hosts', '--hosts <name=ip…>', 'QUERN_HOSTS', '', 'names to resolve by this list instead of DNS, separated by commas'),
  proxy: setting(
    'proxy',
    '--proxy <url>',
    'QUERN_PROXY',
    undefined,
    'HTTP proxy for every request to the web: http://[user:password@]host:port',
  ),
  logLevel: setting('logLevel', '--log-level <level>', 'QUERN_LOG_LEVEL', 'warn', 'debug, info, warn or error; JSON lines on stderr'),
} as const
export type SettingName = keyof typeof settings

/** The value of a setting: the flag given, else the environment, else the file, else the default. */
export function settingOf(name: SettingName, flags: Record<string, unknown>, file: Record<string, unknown> = {}): string | undefined {
  const flag = flags[name]
  if (typeof flag === 'string' && flag !== '') return flag
  const env = process.env[settings[name].env]
  if (env !== undefined && env !== '') return env
  const stored = file[name]
  return typeof stored === 'string' && stored !== '' ? stored : settings[name].fallback
}

export const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
