import { agentCommand } from './agent.ts'
import { surviveBrokenStreams } from './standard-streams.ts'

// The entry of the agent's own bundle: `node kanpeki-agent.mjs agent run`.
surviveBrokenStreams()
process.exitCode = await agentCommand(process.argv.slice(3))
