/** How often random work is repeated: seldom in every run, and as often as a statement about it asks for with IMPRUN_TEST_SOAK=1. */
export const soak = (usually: number, soaking: number): number => (process.env.IMPRUN_TEST_SOAK ? soaking : usually)
