export { redirectTarget } from '../../schemas/evidence/index.ts'
