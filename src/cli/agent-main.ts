import { agentCommand } from './agent.ts'

// The entry of the agent's own bundle: `node kanpeki-agent.mjs agent run`.
process.exitCode = await agentCommand(process.argv.slice(3))
