/** The DAO's service: its HTTP interface and release jobs. */
export { type ApiLimits, type ApiOptions, type Http, type Listening, openHttp, type Submitted } from './http.ts'
