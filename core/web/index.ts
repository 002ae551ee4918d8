export { checkUrl } from './check-url.ts'
export { type WebLimits, webLimits } from './limits.ts'
export { openWeb, type OpenWebOptions } from './open-web.ts'
export type { GetOptions, Web } from './web.ts'
