/** Values of a polynomial at a point from its values at 0, 1, …, degree, in the field. */
import { add, FIELD, invertAll, multiply, subtract } from './field.ts'

/** What depends on the degree alone. */
export interface Nodes {
  degree: number
  /** 1 / Π (i − j) over all other nodes j, for each node i. */
  weights: number[]
}

export function nodesOf(degree: number): Nodes {
  const factorials = [1]
  for (let i = 1; i <= degree; i++) factorials.push(multiply(factorials[i - 1] as number, i))
  const inverse = invertAll(factorials)
  const weights = inverse.map((one, i) => {
    const weight = multiply(one, inverse[degree - i] as number)
    return (degree - i) % 2 === 0 ? weight : (FIELD - weight) % FIELD
  })
  return { degree, weights }
}

/** c_i with f(at) = Σ c_i · f(i), for every f of that degree. `at` is none of the nodes. */
export function coefficientsAt({ degree, weights }: Nodes, at: number): number[] {
  const differences = Array.from({ length: degree + 1 }, (_, i) => subtract(at, i))
  const all = differences.reduce(multiply, 1)
  return invertAll(differences).map((inverse, i) => multiply(multiply(all, inverse), weights[i] as number))
}

/** The values of f at `degree + 1`, …, `2 · degree`, of each f given by its values at the nodes: what is left to do when all inverses are known. */
export function continued({ degree, weights }: Nodes, ...fs: readonly (readonly number[])[]): number[][] {
  const inverses = [0, ...invertAll(Array.from({ length: 2 * degree }, (_, i) => i + 1))]
  const weighted = fs.map((f) => f.map((value, i) => multiply(value, weights[i] as number)))
  const values: number[][] = fs.map(() => [])
  // Π (at − i) over all nodes i, for the first point: (degree + 1)!
  let all = 1
  for (let i = 2; i <= degree + 1; i++) all = multiply(all, i)
  for (let at = degree + 1; at <= 2 * degree; at++) {
    for (const [n, f] of weighted.entries()) {
      let sum = 0
      for (let i = 0; i <= degree; i++) sum = add(sum, multiply(f[i] as number, inverses[at - i] as number))
      values[n]?.push(multiply(all, sum))
    }
    all = multiply(multiply(all, at + 1), inverses[at - degree] as number)
  }
  return values
}
