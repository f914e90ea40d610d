// Reads a JSON array of {provider, url, model, usage, at} on standard input; writes what the package makes of each as a JSON array.
import { calcPrice } from '@pydantic/genai-prices'

let text = ''
for await (const chunk of process.stdin) text += chunk

const cost = ({ provider, url, model, usage, at }) => {
  try {
    const found = calcPrice(usage, model, { providerId: provider ?? undefined, providerApiUrl: url ?? undefined, timestamp: new Date(at) })
    return found && { provider: found.provider.id, model: found.model.id, input: found.input_price, output: found.output_price, total: found.total_price, prices: Object.keys(found.model_price) }
  } catch (error) {
    return { error: error.message }
  }
}

process.stdout.write(JSON.stringify(JSON.parse(text).map(cost)))
