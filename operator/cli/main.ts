/** Entry of the command `gpuopt`, from a checkout and from the image alike. */
import { runCommandLine } from './command-line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), process.env);
