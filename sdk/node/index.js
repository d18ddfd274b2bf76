// What a Skill sees of Praxa.
//
//   import { Run } from 'praxa';
//
//   const run = await Run.open();
//   const diff = await run.tool('git.read.diff', { commit: run.input.commit });
//   await run.decide({ reasoning: ['small and tested'],
//                      alternatives: [{ action: 'approve', score: 0.9 }],
//                      confidence: 0.9, output: { verdict: 'approve' } });
//   run.close();
//
// Every call goes through the run's one socket to the broker, which decides, records and answers.
// What it refuses is thrown as an error of the same name as in the log. Calls may be in flight
// together: each promise is settled by its own reply.

export { Memory, Run } from './client.js';
export * from './errors.js';
