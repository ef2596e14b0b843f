/** The function that every server of these benches runs: it reads a JSON body, reckons for a moment and answers JSON. As text, because each runs it in its own way. */
export const taxSource = `
const brackets = [[36000, 0.03], [144000, 0.1], [300000, 0.2], [420000, 0.25], [660000, 0.3], [960000, 0.35], [Infinity, 0.45]]
async function tax(req, res) {
  const { income, deductions } = req.body
  let rest = Math.max(0, income - deductions), lower = 0, due = 0
  for (const [upper, rate] of brackets) {
    if (rest <= lower) break
    due += (Math.min(rest, upper) - lower) * rate
    lower = upper
  }
  return res.json({ taxable: rest, tax: due, net: income - due })
}
`
export const taxBody = '{"income":250000,"deductions":60000}'
