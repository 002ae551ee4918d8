export { createApi } from './api.ts'
export { listen } from './listen.ts'
