/** The product token that robots.txt groups name, and the first word of every User-Agent. */
export const AGENT = 'QuernBot'
