/** The first function that a newcomer sees. */
export const calculateTaxCode = `export default async function calculateTax(req, res) {
  const { income, deductions } = req.body
  if (!income || !deductions) return res.status(400).json({ error: 'Missing required fields' })
  const tax = (income - deductions) * 0.22
  await imp.db().collection('tax_calculations').insertOne({ income, deductions, tax, calculatedAt: new Date() })
  return res.json({ tax })
}
`
