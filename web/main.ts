import { config } from 'zod'
import './styles/tokens.css'
import './styles/kanpeki.css'
import './styles/console.css'
import './styles/house.css'
import './styles/playbooks.css'
import './styles/respond.css'
import './styles/narrow.css'

// Set before any schema exists: zod would otherwise probe for `new Function`, which the content security policy forbids
// and reports. Everything with a schema is therefore behind this import.
config({ jitless: true })
const { start } = await import('./start.tsx')
await start()
