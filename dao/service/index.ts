/** The DAO's service: its HTTP interface. */
export { type ApiLimits, type ApiOptions, type Http, type Listening, openHttp, type Submitted } from './http.ts'
